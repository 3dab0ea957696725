-- What has a state of its own. Functions and views follow as they are now: a view that has lost or moved a column, and a function whose parameters
-- or result are others now, is dropped here first.

-- A delivery that fails is tried again while its request waits.
ALTER TABLE warrant.deliveries ADD COLUMN awaited boolean, ADD COLUMN not_before timestamptz;
ALTER TABLE warrant.deliveries ALTER COLUMN awaited SET DEFAULT true;
COMMENT ON COLUMN warrant.deliveries.awaited IS 'it has had no answer, and no error, since somebody was refused by its request';
COMMENT ON COLUMN warrant.deliveries.not_before IS 'what the endpoint asked for with Retry-After';
CREATE INDEX deliveries_by_request ON warrant.deliveries (request_id);
DROP FUNCTION warrant.check_duration(interval, text);
DROP FUNCTION warrant.relaxes(warrant.policies);
