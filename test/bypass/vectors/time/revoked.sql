-- What was allowed is no more.

--- cursor_after_revoke: FETCH from a cursor that was declared under a grant
-- needs SELECT on orders
-- before
BEGIN;
DECLARE c CURSOR FOR TABLE orders;
-- attack
FETCH ALL FROM c;

--- cursor_after_expiry: the same when the grant ends by itself
-- needs SELECT on orders
-- lapses
-- before
BEGIN;
DECLARE c CURSOR FOR TABLE orders;
-- attack
FETCH ALL FROM c;
