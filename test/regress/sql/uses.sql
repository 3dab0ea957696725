-- Limits on uses: what may be asked, given and approved, and which statements spend how many.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
CREATE TABLE notes (a int);
INSERT INTO ledger VALUES (1), (2), (3);
INSERT INTO orders VALUES (1);
GRANT ALL ON ledger, orders, notes TO PUBLIC;

-- A policy's maximum is positive; a narrower policy relaxes nothing, a wider one that takes precedence does.
SELECT * FROM stage.try($$SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_uses => 0)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_uses => -1)$$);
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_uses => 60);
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', max_uses => 2, min_approvals => 2);
SELECT warrant.create_policy('narrower', 'approve', on_table => 'notes', max_uses => 1, min_approvals => 2, priority => 1);
SELECT event, comment FROM stage.news() WHERE event = 'weakened';
SELECT warrant.create_policy('wider', 'approve', on_table => 'notes', min_approvals => 2, priority => 2);
SELECT event, comment FROM stage.news() WHERE event = 'weakened';
SELECT warrant.drop_policy('narrower'), warrant.drop_policy('wider');
CREATE TABLE stage.uses (at_last bigint);
INSERT INTO stage.uses VALUES (0);
CREATE FUNCTION stage.spent() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
    UPDATE stage.uses u SET at_last = l.uses_left FROM (SELECT u.at_last, coalesce((SELECT sum(uses_left) FROM warrant.grant_uses), 0) AS uses_left FROM stage.uses u) AS l
    RETURNING l.at_last - l.uses_left $$;

-- A request, a grant and an approval stay within it; where nobody asks for a number the policy's holds.
\c - regress_clerk
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'ledger', max_uses => 61)$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'ledger', max_uses => 0)$$);
SELECT warrant.request('{SELECT}', on_table => 'ledger', max_uses => 3);
SELECT warrant.request('{UPDATE}', on_table => 'ledger');
SELECT warrant.request('{SELECT}', on_table => 'orders', max_uses => 2147483647);
SELECT warrant.request('{SELECT}', on_table => 'notes');
SELECT id, relation_name, max_uses FROM warrant.my_requests ORDER BY id;
\c - regress_chief
SELECT id, target, warrant.request_status(id)->'max_uses' AS max_uses FROM warrant.pending;
SELECT warrant.approve(1, max_uses => 4);
SELECT warrant.approve(1, max_uses => 0);
SELECT warrant.approve(2, max_uses => 61);
SELECT warrant.approve(4, max_uses => 2);
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', max_uses => 61);
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', max_uses => -1);
SELECT warrant.approve(1, max_uses => 2);
SELECT warrant.approve(2);
SELECT warrant.approve(3, comment => 'as many as he likes');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'orders');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'notes', max_uses => 1);
\c - regress_deputy
SELECT warrant.approve(4, max_uses => 1), warrant.approve(5);
SELECT warrant.approve(4);
SELECT warrant.approve(5);
SELECT id, grantee_name, relation_name, commands, max_uses, uses_left FROM warrant.active_grants ORDER BY id;
SELECT event, comment FROM stage.news() WHERE event = 'grant_created';

-- The last use, and what comes after it.
\c - regress_clerk
SELECT * FROM ledger;
SELECT id, max_uses, uses_left FROM warrant.my_grants WHERE id = 1;
SELECT count(*) FROM ledger;
SELECT count(*) FROM ledger;
SELECT count(*) FROM warrant.my_grants WHERE id = 1;
SELECT * FROM stage.news() WHERE event NOT LIKE 'gr%created';
\c - regress_chief
SELECT rule, answer, regexp_replace(detail, 'until .*, ', '') AS detail FROM warrant.explain('regress_clerk', 'UPDATE', 'ledger') WHERE rule = 'grant';
SELECT rule, answer FROM warrant.explain('regress_clerk', 'SELECT', 'ledger') WHERE rule IN ('grant', 'approve');
SELECT warrant.deny(6);
SELECT value FROM warrant.status() WHERE item = 'live grants';
-- It can still be revoked: a statement that has spent its use may be running.
SELECT warrant.revoke(1);

-- What spends, and how many.
SELECT warrant.grant('regress_clerk', '{ALL}', on_table => 'ledger', max_uses => 60);
\c - regress_clerk
CREATE TABLE mine (a int);
INSERT INTO mine VALUES (1), (2);
CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT sum(a) FROM ledger); END $$;
SELECT stage.spent() IS NOT NULL AS "from here on";
SELECT count(*) FROM ledger;
SELECT stage.spent() AS "a query";
UPDATE ledger SET a = ledger.a FROM ledger AS again WHERE again.a = ledger.a RETURNING 1;
SELECT stage.spent() AS "several accesses";
EXPLAIN (COSTS off) SELECT * FROM ledger;
EXPLAIN (ANALYZE off, COSTS off) DELETE FROM ledger;
EXPLAIN (COSTS off) CREATE TABLE copied AS SELECT * FROM ledger;
SELECT stage.spent() AS "EXPLAIN";
\o /dev/null
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT a FROM ledger;
\o
SELECT stage.spent() AS "EXPLAIN ANALYZE";
PREPARE p AS SELECT count(*) FROM ledger;
EXPLAIN (COSTS off) EXECUTE p;
SELECT stage.spent() AS "PREPARE";
EXECUTE p;
EXECUTE p;
SELECT stage.spent() AS "EXECUTE twice";
DO $$ BEGIN FOR i IN 1..3 LOOP PERFORM count(*) FROM ledger; UPDATE ledger SET a = a WHERE false; END LOOP; END $$;
SELECT stage.spent() AS "a loop";
SELECT total() FROM mine;
SELECT stage.spent() AS "a function for each row";
CREATE FUNCTION largest() RETURNS int STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(a) FROM ledger); END $$;
SELECT a FROM mine WHERE a <= largest();
SELECT stage.spent() AS "a function that the planner calls, too";
SELECT count(*) FROM ledger\; SELECT sum(a) FROM ledger;
SELECT stage.spent() AS "two statements of one message";
CREATE PROCEDURE month() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..3 LOOP PERFORM total(); COMMIT; PERFORM total(); ROLLBACK; END LOOP; END $$;
CALL month();
SELECT stage.spent() AS "a procedure that commits";
COPY ledger TO stdout;
COPY (SELECT sum(a) FROM ledger) TO stdout;
COPY ledger FROM stdin;
4
\.
SELECT stage.spent() AS "three COPY";
BEGIN;
LOCK TABLE ledger;
TRUNCATE ledger;
ROLLBACK;
SELECT stage.spent() AS "LOCK and TRUNCATE, rolled back";
CREATE TABLE copied AS SELECT * FROM ledger;
SELECT stage.spent() AS "CREATE TABLE AS";
SELECT 1 / (a - a) FROM ledger;
SELECT stage.spent() AS "one that fails";
BEGIN;
SAVEPOINT s;
SELECT count(*) FROM ledger;
ROLLBACK TO s;
SELECT count(*) FROM ledger;
COMMIT;
SELECT stage.spent() AS "again after a rollback";
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            PERFORM 1 / (a - a) FROM ledger;
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
    END LOOP;
END $$;
SELECT stage.spent() AS "one that catches its errors";
INSERT INTO orders SELECT a FROM ledger;
SELECT stage.spent() AS "refused for another table";

-- Cursors: opening them spends, fetching does not.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT a FROM ledger ORDER BY a;
SELECT stage.spent() AS "DECLARE";
FETCH c;
FETCH ALL c;
MOVE ABSOLUTE 0 c;
FETCH c;
DECLARE f CURSOR FOR SELECT total() FROM mine;
SELECT stage.spent() AS "FETCH; and DECLARE of a function's";
FETCH f;
SELECT stage.spent() AS "its first FETCH";
FETCH f;
DECLARE h CURSOR WITH HOLD FOR SELECT a FROM ledger ORDER BY a;
COMMIT;
FETCH h;
FETCH h;
SELECT stage.spent() AS "FETCH, DECLARE WITH HOLD, COMMIT and FETCH";
CREATE FUNCTION opened() RETURNS refcursor LANGUAGE plpgsql AS $$ DECLARE r refcursor := 'r'; BEGIN OPEN r FOR SELECT a FROM ledger ORDER BY a; RETURN r; END $$;
BEGIN;
SELECT opened();
FETCH r;
FETCH r;
COMMIT;
SELECT stage.spent() AS "a function that opens one";

-- A grant without a limit goes first; without audit a use is spent all the same; in monitor mode none is.
SELECT count(*) FROM orders;
SELECT stage.spent() AS "the only grant is limited";
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'orders');
\c - regress_clerk
SELECT count(*) FROM orders;
SELECT stage.spent() AS "beside one that is not";
\c - regress_dba
SELECT warrant.create_policy('silent', 'approve', on_table => 'mine', audit => 'none');
SELECT warrant.create_policy('seen', 'approve', on_table => 'copied', mode => 'monitor');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{READ,WRITE}', on_table => 'mine', max_uses => 2);
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'copied', max_uses => 1);
\c - regress_clerk
SELECT stage.spent() < 0 AS "two grants more", count(*) >= 0 FROM stage.news();
INSERT INTO mine SELECT 3 FROM mine;
SELECT stage.spent() AS "without audit";
SELECT count(*) FROM copied;
SELECT stage.spent() AS "monitored";
SELECT event, command, relation, outcome FROM stage.news();

-- One statement under two grants spends one use of each, or none of any.
SELECT count(*) FROM ledger, mine;
SELECT stage.spent() AS "under two grants";
SELECT count(*) FROM ledger, mine;
SELECT stage.spent() AS "one of them used up";

-- The last use serves its statement to the end.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{READ}', on_table => 'mine', max_uses => 1);
\c - regress_clerk
DO $$ BEGIN FOR i IN 1..3 LOOP PERFORM count(*) FROM mine; END LOOP; END $$;
SELECT count(*) FROM mine;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{READ}', on_table => 'mine', max_uses => 1);
\c - regress_clerk
CREATE FUNCTION fewest() RETURNS int STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT min(a) FROM mine); END $$;
SELECT a FROM mine WHERE a = fewest()\; SELECT a FROM mine;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{READ}', on_table => 'mine', max_uses => 1);
\c - regress_clerk
BEGIN;
DECLARE c CURSOR FOR SELECT a FROM mine ORDER BY a;
FETCH c;
SAVEPOINT s;
SELECT count(*) FROM mine;
ROLLBACK TO s;
FETCH c;
DECLARE again CURSOR FOR SELECT a FROM mine;
ROLLBACK;
-- What is written about the uses is not for everybody to read, and nobody's to change.
SELECT FROM warrant.grant_uses;
\c :DBNAME :owner
UPDATE warrant.grant_uses SET uses_left = 100;
\set file :directory '/sql/include/leave.sql'
\i :file
