-- What a write reads of its target needs SELECT as soon as one column is more open than another, by a policy or a grant on columns.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE FUNCTION tried(VARIADIC statements text[]) RETURNS TABLE (statement text, state text, message text) LANGUAGE sql
AS $$ SELECT s, t.state, regexp_replace(t.message, ' \(request.*\)', '') FROM unnest(statements) WITH ORDINALITY AS u (s, n), LATERAL stage.try(s) AS t ORDER BY n $$;

-- Beside columns that a policy opens.
CREATE TABLE cards (id int PRIMARY KEY, name text, card text, doubled text GENERATED ALWAYS AS (card || card) STORED);
INSERT INTO cards VALUES (1, 'Ada', '4111'), (2, 'Bob', '4222');
CREATE VIEW names AS SELECT id, name, card FROM cards;
CREATE TABLE uses (id int PRIMARY KEY, card text);
GRANT ALL ON cards, names, uses TO regress_clerk, regress_other;
SELECT warrant.protect('cards'), warrant.create_policy('names', 'open', on_table => 'cards', columns => '{id,name}', commands => '{READ,WRITE}');
\c - regress_clerk
SELECT * FROM tried('UPDATE cards SET name = card WHERE id = 1', 'UPDATE cards SET name = doubled WHERE id = 1', 'UPDATE cards SET name = $$x$$ WHERE card > $$42$$', 'DELETE FROM cards WHERE card > $$42$$',
    'INSERT INTO cards (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = cards.card', 'INSERT INTO cards (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = $$x$$ WHERE cards.card > $$42$$',
    'MERGE INTO cards c USING (SELECT 1 AS id) s ON c.id = s.id WHEN MATCHED THEN UPDATE SET name = c.card', 'MERGE INTO cards c USING (SELECT 1 AS id) s ON c.card = $$4111$$ WHEN NOT MATCHED THEN INSERT (id) VALUES (9)',
    'WITH w AS (UPDATE cards SET name = card) SELECT 1', 'UPDATE cards c SET name = c::text WHERE id = 1', 'UPDATE cards SET name = ctid::text WHERE id = 1', 'UPDATE names SET name = card WHERE id = 1',
    'UPDATE cards SET name = $$x$$ RETURNING card', 'EXPLAIN UPDATE cards SET name = card');
PREPARE copied AS UPDATE cards SET name = card WHERE id = $1;
SELECT * FROM tried('EXECUTE copied(1)');
SELECT * FROM tried('UPDATE cards SET name = name || $$!$$ WHERE id = 1', 'UPDATE names SET name = name || $$!$$ WHERE id = 1', 'UPDATE cards SET name = $$Bo$$ WHERE name = $$Bob$$',
    'INSERT INTO cards (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = cards.name || $$!$$', 'MERGE INTO cards c USING (SELECT 1 AS id) s ON c.id = s.id WHEN MATCHED THEN UPDATE SET name = c.name || $$!$$');
SELECT id, name FROM cards ORDER BY id;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('names', '{"effect": "auto"}');
\c - regress_clerk
SET client_min_messages = warning;
SELECT * FROM tried('UPDATE cards SET name = card WHERE id = 1', 'UPDATE cards SET name = name || $$?$$ WHERE id = 1');

-- A grant of all UPDATE reads no column that a policy keeps.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('names'), warrant.create_policy('card', 'deny', on_table => 'cards', columns => '{card}', commands => '{SELECT}');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{UPDATE,UPDATE_ALL}', on_table => 'cards');
\c - regress_clerk
SELECT * FROM tried('UPDATE cards SET name = card WHERE id = 1', 'UPDATE cards SET name = $$x$$ WHERE id = 1', 'UPDATE cards SET name = $$x$$');

-- A foreign key's own action reads its key for nobody, under a policy and under a grant; what a trigger of the table does is somebody's.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';
UPDATE cards SET card = 4110 + id;
ALTER TABLE cards ADD UNIQUE (card);
INSERT INTO uses VALUES (1, '4111'), (2, '4112');
ALTER TABLE uses ADD FOREIGN KEY (card) REFERENCES cards (card) ON UPDATE CASCADE ON DELETE CASCADE;
SELECT warrant.protect('uses', columns => '{card}');
\c - regress_clerk
SELECT * FROM tried('DELETE FROM cards WHERE id = 1', 'UPDATE cards SET card = $$5$$ WHERE id = 2', 'DELETE FROM uses WHERE card = $$4112$$');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.unprotect('uses'), warrant.protect('uses', commands => '{WRITE}');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{UPDATE}', on_table => 'uses', columns => '{card}');
\c - regress_clerk
SELECT * FROM tried('UPDATE cards SET card = $$5$$ WHERE id = 2');
SELECT card FROM uses;
\c - :owner
SET client_min_messages = warning;
CREATE FUNCTION clear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM cards WHERE name = 'Ada'; RETURN new; END $$;
CREATE TRIGGER clear BEFORE UPDATE ON uses FOR EACH ROW EXECUTE FUNCTION clear();
\c - regress_clerk
SELECT * FROM tried('UPDATE cards SET card = $$6$$ WHERE id = 2');
\setenv PGUSER :owner
\! psql -qAtX -c "SET client_min_messages = warning" -c "SELECT warrant.create_policy('name', 'deny', on_table => 'cards', columns => '{name}', commands => '{SELECT}')" regress_warrant
SELECT * FROM tried('UPDATE cards SET card = $$7$$ WHERE id = 2');
\c - :owner
SET client_min_messages = warning;
DROP TABLE cards, uses CASCADE;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';

-- Beside columns that a grant opens, where UPDATE needs no approval: only who has the grant may read them, and needs SELECT of what he writes there.
CREATE TABLE ledger (a int PRIMARY KEY, b int, c int, d int);
INSERT INTO ledger VALUES (1, 2, 3, 4);
ALTER TABLE ledger DROP COLUMN d;
GRANT ALL ON ledger TO regress_clerk, regress_other;
CREATE FUNCTION set_b() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'UPDATE ledger SET b = c WHERE a = 1';
SELECT warrant.protect('ledger', commands => '{READ}');
\c - regress_clerk
SELECT * FROM tried('UPDATE ledger SET b = c WHERE a = 1', 'SELECT b FROM ledger');
SELECT warrant.request('{SELECT}', on_table => 'ledger', columns => '{a,b}', starts_at => now() + interval '1 hour') AS request \gset
SELECT * FROM tried('UPDATE ledger SET b = c WHERE a = 1');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.approve(:request) AS "grant" \gset
\c - regress_clerk
SELECT * FROM tried('UPDATE ledger SET b = c WHERE a = 1', 'UPDATE ledger SET b = 5');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.revoke(:grant);
\c - regress_clerk
PREPARE copied AS UPDATE ledger SET b = c WHERE a = 1;
SELECT * FROM tried('EXECUTE copied');
\setenv PGUSER regress_chief
\! psql -qAtX -c "SET client_min_messages = warning" -c "SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', columns => '{a,b}')" regress_warrant
SELECT * FROM tried('EXECUTE copied');
SELECT * FROM tried('UPDATE ledger SET b = c WHERE a = 1', 'UPDATE ledger SET b = b + 1 WHERE a = 1', 'UPDATE ledger SET c = b', 'UPDATE ledger SET b = 5', 'UPDATE ledger SET b = 5 WHERE c = 3', 'DELETE FROM ledger WHERE c = 3',
    'UPDATE ledger l SET b = (l).c', 'UPDATE ledger SET b = 5 WHERE ctid IS NULL', 'INSERT INTO ledger VALUES (1) ON CONFLICT (a) DO UPDATE SET b = ledger.c', 'INSERT INTO ledger VALUES (1) ON CONFLICT (a) DO NOTHING',
    'MERGE INTO ledger l USING (SELECT 1 AS x) s ON l.a = s.x WHEN MATCHED AND l.c = 3 THEN UPDATE SET b = 5', 'SELECT set_b()', 'UPDATE ledger SET b = x.c FROM ledger x WHERE x.a = 1');
\c - regress_other
SELECT * FROM tried('UPDATE ledger SET b = c WHERE a = 1', 'SELECT set_b()');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger');
\c - regress_clerk
SELECT * FROM tried('UPDATE ledger SET b = c WHERE a = 1', 'DELETE FROM ledger WHERE c = 9');

-- Under a grant of columns for writing, and beside one of all UPDATE.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.unprotect('ledger'), warrant.protect('ledger');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_other', '{SELECT,UPDATE,INSERT}', on_table => 'ledger', columns => '{a,b}');
\c - regress_other
SELECT * FROM tried('UPDATE ledger SET b = c WHERE a = 1', 'UPDATE ledger SET b = 7 WHERE c = 3', 'UPDATE ledger l SET b = (l).c', 'UPDATE ledger SET b = a + 1 WHERE a = 1', 'UPDATE ledger SET c = a WHERE a = 1',
    'MERGE INTO ledger l USING (SELECT 1 AS x) s ON l.a = s.x WHEN MATCHED THEN UPDATE SET b = c', 'MERGE INTO ledger l USING (SELECT 1 AS x) s ON l.a = s.x WHEN MATCHED THEN UPDATE SET b = a',
    'INSERT INTO ledger (a, b) VALUES (1, 1) ON CONFLICT (a) DO UPDATE SET b = excluded.b + ledger.b', 'INSERT INTO ledger (a, b) VALUES (1, 1) ON CONFLICT (a) DO UPDATE SET b = excluded.b + ledger.c');
SELECT a, b FROM ledger;
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_other', '{UPDATE}', on_table => 'ledger');
\c - regress_other
SELECT * FROM tried('UPDATE ledger SET b = c WHERE a = 1', 'UPDATE ledger SET c = b WHERE a = 1');

-- A grant on a part counts for its whole, and the other way round, whatever numbers the columns have.
\c - :owner
SET client_min_messages = warning;
CREATE TABLE part (k int, card text, note text) PARTITION BY LIST (k);
CREATE TABLE part_1 (note text, dropped int, card text, k int);
ALTER TABLE part_1 DROP COLUMN dropped;
ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1);
INSERT INTO part VALUES (1, '4111', '');
GRANT ALL ON part, part_1 TO regress_clerk, regress_other;
SELECT warrant.protect('part', commands => '{READ}');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'part_1', columns => '{k,note}');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'part', columns => '{k,note}');
\c - regress_clerk
SELECT * FROM tried('UPDATE part SET note = card WHERE k = 1', 'UPDATE part_1 SET note = card WHERE k = 1', 'UPDATE part_1 SET note = note || k WHERE k = 1');
\c - regress_other
SELECT * FROM tried('UPDATE part SET note = card WHERE k = 1', 'UPDATE part_1 SET note = card WHERE k = 1', 'UPDATE part SET note = note || k WHERE k = 1', 'UPDATE part_1 SET note = note || k WHERE k = 1');
SELECT note FROM part;
\set file :directory '/sql/include/leave.sql'
\i :file
