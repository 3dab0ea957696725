-- One audit row for each top-level statement, access and verdict: also when a subtransaction in which the access was first met is rolled back.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE target (a int);
GRANT ALL ON ledger, target TO PUBLIC;
CREATE FUNCTION tries(times int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..times LOOP
        BEGIN
            BEGIN
                PERFORM a FROM ledger;
                RAISE division_by_zero;
            EXCEPTION WHEN no_data_found THEN
            END;
        EXCEPTION WHEN division_by_zero THEN
        END;
    END LOOP;
    RETURN times;
END $$;
CREATE PROCEDURE tried(times int) LANGUAGE plpgsql AS $$ BEGIN PERFORM tries(times); END $$;
CREATE FUNCTION fails() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM tries(2); RETURN 1 / 0; END $$;
CREATE FUNCTION tries_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM tries(3); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER again AFTER INSERT ON target INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION tries_again();
SELECT warrant.protect('ledger');
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{SELECT}', on_table => 'ledger');
\c - regress_clerk
SELECT * FROM stage.news() WHERE who = 'regress_clerk';

-- A query, a utility statement, a trigger, a statement that fails.
SELECT tries(3);
SELECT * FROM stage.news();
CALL tried(2);
SELECT * FROM stage.news();
INSERT INTO target VALUES (1);
SELECT * FROM stage.news();
SELECT fails();
SELECT * FROM stage.news();

-- Within a savepoint, and beside a cursor that has rows of its own.
BEGIN;
DECLARE rows CURSOR FOR TABLE ledger;
FETCH FROM rows;
SAVEPOINT here;
SELECT tries(2);
SELECT tries(1);
ROLLBACK TO here;
CLOSE rows;
COMMIT;
SELECT * FROM stage.news();

-- Different refusals in turn, each caught.
\c - :owner
CREATE TABLE book (a int);
GRANT ALL ON book TO PUBLIC;
SELECT warrant.protect('book');
SELECT count(*) > 0 AS settled FROM stage.news();
\c - regress_other
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            PERFORM a FROM ledger;
        EXCEPTION WHEN insufficient_privilege THEN
        END;
        BEGIN
            PERFORM a FROM book;
        EXCEPTION WHEN insufficient_privilege THEN
        END;
    END LOOP;
END $$;
SELECT command, relation_name FROM warrant.last_refusal();
SELECT * FROM stage.news();
\c - :owner
SELECT relation_name, count(*), sum(repeats) FROM warrant.audit_log WHERE session_user_name = 'regress_other' AND event = 'refused' GROUP BY 1 ORDER BY 1;
\set file :directory '/sql/include/leave.sql'
\i :file
