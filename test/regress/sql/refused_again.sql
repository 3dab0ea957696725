-- Who is refused again is told what became of the request or the grant before.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (a int);
CREATE TABLE orders_1 () INHERITS (orders);
CREATE TABLE notes (a int);
INSERT INTO orders VALUES (1);
CREATE ROLE regress_team;
GRANT regress_team TO regress_clerk;
GRANT ALL ON orders, orders_1, notes TO PUBLIC;
SELECT warrant.protect('orders'), warrant.protect('notes');
-- How long ago depends on how fast this goes; the words of others do not.
CREATE FUNCTION stage.told(statement text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(detail, '(just now|\d+ (minutes|hours) ago)', 'lately', 'g') FROM stage.try(statement) $$;

-- Nothing came before the first. A denial is told with who denied it and with what words, in one line.
\c - regress_clerk
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');
\c - regress_chief
SELECT warrant.deny(1, E'not this\nmonth,\u202e \u200bask\tJim' || repeat(' again', 50));
\c - regress_clerk
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');
SELECT stage.told('UPDATE orders_1 SET a = 2 WHERE a IS NOT NULL');
-- A dump is told what it needs besides.
SET application_name = 'pg_dump';
SELECT hint FROM stage.try('LOCK TABLE orders, orders_1, notes IN ACCESS SHARE MODE');
SELECT hint FROM stage.try('SELECT * FROM notes');
RESET application_name;
SELECT warrant.cancel(id) FROM warrant.my_requests WHERE commands = '{LOCK}' OR commands = '{SELECT}' ORDER BY id;
-- Another command, another table and another person know nothing of it.
SELECT stage.told('DELETE FROM orders WHERE a IS NOT NULL');
SELECT stage.told('UPDATE notes SET a = 2 WHERE a IS NOT NULL');
\c - regress_other
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');
-- A denial without words. Who waits is told of the denial, too.
\c - regress_chief
SELECT warrant.deny(2);
\c - regress_clerk
CALL warrant.wait_for(1);
CALL warrant.wait_for(2);
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');

-- A grant that was revoked, with words and without. What a cancelled request was is no news.
SELECT warrant.request('{DELETE}', on_table => 'orders') AS request \gset
SELECT warrant.cancel(:request);
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{UPDATE}', on_table => 'orders') AS made \gset
SELECT warrant.revoke(:made, 'Jim came back');
\c - regress_clerk
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');
SELECT stage.told('DELETE FROM orders WHERE a IS NOT NULL');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{UPDATE}', on_table => 'orders') AS made \gset
SELECT warrant.revoke(:made);
\c - regress_clerk
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');

-- One whose time or uses are over.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{UPDATE}', on_schema => 'public', duration => '1 s') AS made \gset
DO $$ BEGIN
    FOR i IN 1..3000 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM warrant.active_grants);
        PERFORM pg_sleep(0.1);
    END LOOP;
END $$;
\c - regress_clerk
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{UPDATE}', on_table => 'orders', max_uses => 1) AS made;
\c - regress_clerk
UPDATE orders SET a = 3 WHERE a IS NOT NULL;
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');

-- One of a role is told to who was its member.
\c - regress_chief
SELECT warrant.grant('regress_team', '{UPDATE}', on_table => 'orders') AS made \gset
SELECT warrant.revoke(:made, 'the team is done');
\c - regress_clerk
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');
\c - regress_other
SELECT stage.told('UPDATE orders SET a = 2 WHERE a IS NOT NULL');

-- What somebody gives back is no news to him.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{DELETE}', on_table => 'orders') AS made \gset
\c - regress_clerk
SELECT warrant.give_back(:made);
SELECT stage.told('DELETE FROM orders WHERE a IS NOT NULL');

-- Of a grant that ended with its policy nothing is told.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{UPDATE}', on_table => 'notes') AS made \gset
\c - :owner
BEGIN;
SELECT warrant.unprotect('notes');
SELECT warrant.protect('notes');
COMMIT;
\c - regress_clerk
SELECT stage.told('UPDATE notes SET a = 2 WHERE a IS NOT NULL');
-- Whoever runs code of somebody else is not told what that one was denied.
\c - :owner
CREATE FUNCTION change() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE orders SET a = 4 WHERE a IS NOT NULL';
ALTER FUNCTION change() OWNER TO regress_clerk;
SELECT regexp_replace(stage.told('SELECT change()'), '"' || current_user || '"', 'superuser');
DROP FUNCTION change();

-- One policy has its request, and the other has none: each is told, and the log says it of the access without request alone.
\c - :owner
CREATE TABLE parts (a int);
GRANT ALL ON parts TO PUBLIC;
SELECT warrant.create_policy('parts', 'approve', on_table => 'parts', commands => '{SELECT}');
SELECT warrant.create_policy('parts by two', 'approve', on_table => 'parts', commands => '{UPDATE}', max_duration => '1 hour', min_approvals => 2);
ALTER ROLE regress_clerk SET pg_warrant.duration = '2 hours';
\c - regress_clerk
\x on
SELECT message, detail, hint FROM stage.try('UPDATE parts SET a = 1 WHERE a IS NOT NULL RETURNING a');
-- A block that swallows the error, and tries again, is told the same.
DO $$
DECLARE
    told text[];
BEGIN
    FOR i IN 1..2 LOOP
        told := told || (SELECT t.detail || t.hint FROM stage.try('UPDATE parts SET a = 1 WHERE a IS NOT NULL RETURNING a') AS t);
    END LOOP;
    RAISE NOTICE 'the same: %', told[1] = told[2];
END $$;
SET pg_warrant.duration = '30 min';
SELECT message, detail, hint FROM stage.try('UPDATE parts SET a = 1 WHERE a IS NOT NULL RETURNING a');
\x off
\c - :owner
SELECT DISTINCT command, comment FROM warrant.audit_log WHERE event = 'refused' AND relation_name = 'parts' ORDER BY 1, 2;
\set file :directory '/sql/include/leave.sql'
\i :file
DROP ROLE regress_team;
