-- What a writer who may not read is told of an error: its SQLSTATE always, its words where they cannot quote a row.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (id int PRIMARY KEY, word text, days int);
INSERT INTO ledger VALUES (1, 'hunter2', 42);
CREATE TABLE journal (note text);
GRANT SELECT, UPDATE, DELETE ON ledger TO regress_clerk;
GRANT SELECT, INSERT ON journal TO regress_clerk;
GRANT SELECT ON stage.mark TO regress_clerk;
CREATE FUNCTION ruled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE NEW.days
        WHEN 1 THEN RAISE EXCEPTION 'the day is over' USING DETAIL = 'It ended.', HINT = 'Wait.';
        WHEN 2 THEN ASSERT false, 'never two';
        WHEN 3 THEN INSERT INTO journal VALUES ('three');
        WHEN 4 THEN RAISE EXCEPTION 'word is %', NEW.word USING ERRCODE = '55000';
        WHEN 5 THEN PERFORM pg_sleep(60);
        WHEN 6 THEN PERFORM current_setting('my.' || NEW.word);
        ELSE NULL;
    END CASE;
    RETURN NEW;
END;
$$;
CREATE TRIGGER ruled BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION ruled();
SELECT warrant.create_policy('ask', 'approve', on_table => 'ledger'), warrant.create_policy('never', 'deny', on_table => 'journal', commands => '{INSERT}');
\c - regress_clerk
SELECT * FROM stage.try('UPDATE ledger SET days = 0 WHERE id IS NOT NULL');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{UPDATE,DELETE}', on_table => 'ledger');
\c - regress_clerk
\x on
-- The author's words and the gate's own are told.
SELECT * FROM stage.try('UPDATE ledger SET days = 1 WHERE id IS NOT NULL');
SELECT * FROM stage.try('UPDATE ledger SET days = 2 WHERE id IS NOT NULL');
SELECT * FROM stage.try('UPDATE ledger SET days = 3 WHERE id IS NOT NULL');
-- All else is not.
SELECT * FROM stage.try('UPDATE ledger SET days = 4 WHERE id IS NOT NULL');
SELECT * FROM stage.try('UPDATE ledger SET days = 6 WHERE id IS NOT NULL');
-- Notices are kept back, and fail it where it turns them on for itself.
UPDATE ledger SET days = 0 WHERE to_regtype(repeat('x', 64) || word) IS NOT NULL;
SELECT * FROM stage.try($$UPDATE ledger SET days = 0 WHERE set_config('client_min_messages', 'notice', false) IS NOT NULL AND to_regtype(repeat('x', 64) || word) IS NOT NULL$$);
SELECT * FROM stage.try($$UPDATE ledger SET days = 0 WHERE (word || repeat('x', 3000))::tsquery IS NOT NULL$$);
SELECT * FROM stage.try('DELETE FROM ledger WHERE (pg_identify_object((days + 4200)::oid, 1, 0)).identity IS NOT NULL');
SELECT * FROM stage.try('UPDATE ledger SET days = 0 WHERE pg_tablespace_location((days + 4200)::oid) IS NULL');
SELECT * FROM stage.try('UPDATE ledger SET days = 0 WHERE chr(days - 4242) IS NULL');
SELECT * FROM stage.try('UPDATE ledger SET days = 0 WHERE pg_get_replica_identity_index(days::regclass) IS NULL');
SELECT * FROM stage.try($$UPDATE ledger SET days = 0 WHERE ('{' || repeat(word, 2) || '"}')::text[] IS NULL$$);
SELECT * FROM stage.try($$UPDATE ledger SET days = 0 WHERE (word || ' days')::interval IS NULL$$);
SELECT * FROM stage.try('UPDATE ledger SET days = 0 WHERE to_tsvector((days + 424200)::oid::regconfig, word) IS NULL');
\x off
-- Why a statement was cancelled is told.
SET statement_timeout = '200ms';
UPDATE ledger SET days = 5 WHERE id IS NOT NULL;
RESET statement_timeout;
UPDATE ledger SET days = 0 WHERE id IS NOT NULL;
\set file :directory '/sql/include/leave.sql'
\i :file
