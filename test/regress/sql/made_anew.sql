-- A table, or a schema, that is dropped or renamed and made anew under its old name: protect, unprotect and the hints serve it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE swap (a int);
CREATE TABLE held (a int);
CREATE SCHEMA vault;
GRANT ALL ON ledger, swap, held TO PUBLIC;
GRANT USAGE, CREATE ON SCHEMA vault TO PUBLIC;
SELECT warrant.protect('ledger'), warrant.protect('swap'), warrant.protect('held', '{WRITE}'), warrant.protect_schema('vault');
CREATE FUNCTION policies() RETURNS TABLE (name text, target text, gone boolean, version int)
LANGUAGE sql AS $$ SELECT p.name, concat_ws('.', p.target_schema, nullif(p.target_name, '')),
    NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = p.target UNION ALL SELECT FROM pg_namespace n WHERE n.oid = p.target), p.version
    FROM warrant.policies p WHERE p.target_kind <> '!' ORDER BY p.id $$;

-- Dropped and made anew: it is covered, and those are warned who can do something. Each time that policies have changed, so the recorder notes the end first.
DROP TABLE ledger, held;
CREATE TABLE ledger (a int);
CREATE TABLE held (a int);
SELECT stage.eventually($$SELECT count(*) = 2 FROM stage.settle(), warrant.policies WHERE target = 0 AND target_kind = 't'$$);
GRANT ALL ON ledger, held TO PUBLIC;
\c - regress_clerk
SELECT * FROM stage.try('SELECT * FROM ledger');
TABLE ledger;
\c - regress_dba
TABLE ledger;
SELECT warrant.protect('ledger');
SELECT warrant.protect('ledger');
SELECT * FROM stage.try($$SELECT warrant.protect('held')$$);
SELECT warrant.unprotect('held');
SELECT warrant.protect('held');
TABLE held;
\c - :owner
SELECT * FROM policies();
\c - regress_clerk
SELECT state, policy FROM stage.try('SELECT * FROM ledger');

-- Exchanged by renaming: each has its policy.
\c - :owner
ALTER TABLE swap RENAME TO swap_old;
CREATE TABLE swap (a int);
GRANT ALL ON swap TO PUBLIC;
\c - regress_dba
SELECT warrant.protect('swap');
SELECT warrant.protect('swap');
SELECT warrant.protect('swap_old', '{SELECT}');
SELECT * FROM stage.try($$SELECT warrant.protect('swap', '{SELECT}')$$);
SELECT warrant.unprotect('swap');
\c - regress_clerk
SELECT table_name, state, policy FROM unnest('{swap,swap_old}'::text[]) AS t (table_name), stage.try(format('SELECT * FROM %I', table_name));

-- Schemas the same.
\c - :owner
ALTER SCHEMA vault RENAME TO attic;
CREATE SCHEMA vault;
GRANT ALL ON SCHEMA vault TO PUBLIC;
\c - regress_dba
SELECT warrant.protect_schema('vault');
\c - regress_clerk
SELECT state, policy FROM stage.try('CREATE TABLE vault.gold (a int)');
\c - :owner
DROP SCHEMA vault CASCADE;
\c - regress_dba
SELECT * FROM stage.try($$SELECT warrant.protect_schema('vault')$$);
\c - :owner
CREATE SCHEMA vault;
GRANT ALL ON SCHEMA vault TO PUBLIC;
\c - regress_dba
SELECT warrant.protect_schema('vault');
\c - regress_clerk
SELECT state, policy FROM stage.try('CREATE TABLE vault.gold (a int)');
\c - :owner
SELECT * FROM policies();
SELECT event, comment FROM stage.news() WHERE event IN ('policy_created', 'policy_changed', 'policy_dropped', 'weakened');

-- A mode that there is not is told as such, whatever is protected already.
\c - regress_dba
SELECT * FROM stage.try($$SELECT warrant.protect('ledger', mode => 'watch')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('ledger', mode => NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.protect_database(mode => 'watch')$$);
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
