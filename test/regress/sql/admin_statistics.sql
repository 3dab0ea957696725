-- What ANALYZE sampled holds values of protected columns: reading it is ADMIN, however it is reached. Planning uses it as ever.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
GRANT SELECT ON pg_statistic, pg_statistic_ext_data TO regress_clerk, regress_other;
\c - regress_clerk
CREATE TABLE ledger (a int, b text);
INSERT INTO ledger SELECT i % 3, 'secret' FROM generate_series(1, 100) AS i;
CREATE STATISTICS both_columns ON a, b FROM ledger;
CREATE STATISTICS lengths ON (length(b)), a FROM ledger;
CREATE TABLE plain (a int);
INSERT INTO plain SELECT i % 3 FROM generate_series(1, 100) AS i;
ANALYZE ledger, plain;
CREATE FUNCTION peek() RETURNS SETOF text LANGUAGE sql AS 'SELECT most_common_vals::text FROM pg_stats WHERE tablename = ''ledger''';
CREATE FUNCTION peek_inside() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    RETURN QUERY SELECT stavalues1::text FROM pg_statistic WHERE starelid = 'ledger'::regclass;
END;
$$;
CREATE VIEW shown AS SELECT tablename, most_common_vals::text FROM pg_stats;
\c - :owner
INSERT INTO stage.attempts (statement) VALUES
    ('SELECT most_common_vals FROM pg_stats WHERE tablename = ''ledger'''),
    ('SELECT most_common_vals FROM pg_stats WHERE tablename = ''plain'''),
    ('SELECT histogram_bounds FROM pg_catalog.pg_stats LIMIT 0'),
    ('SELECT most_common_vals FROM pg_stats_ext'),
    ('SELECT most_common_vals FROM pg_stats_ext_exprs'),
    ('SELECT stavalues1 FROM pg_statistic'),
    ('SELECT pg_mcv_list_items(stxdmcv) FROM pg_statistic_ext_data'),
    ('SELECT * FROM shown'),
    ('SELECT peek()'),
    ('SELECT * FROM peek()'),
    ('SELECT peek_inside()'),
    ('SELECT query_to_xml(''SELECT * FROM pg_stats'', false, false, '''')'),
    ('EXPLAIN SELECT * FROM pg_stats'),
    ('INSERT INTO plain SELECT 1 FROM pg_stats'),
    ('DELETE FROM plain USING pg_stats'),
    ('CREATE TABLE copied AS SELECT starelid FROM pg_statistic'),
    ('DECLARE c CURSOR FOR SELECT * FROM pg_stats'),
    -- Neither the definitions of statistics, nor what the planner makes of them.
    ('SELECT stxname FROM pg_statistic_ext'),
    ('SELECT n_live_tup FROM pg_stat_user_tables'),
    ('SELECT reltuples FROM pg_class WHERE relname = ''ledger'''),
    ('EXPLAIN SELECT * FROM plain WHERE a = 1'),
    ('SELECT * FROM plain WHERE a = 1'),
    ('ANALYZE plain');
-- Nothing is protected.
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
SELECT count(*) > 0 AS read FROM peek();

\c - :owner
SET client_min_messages = warning;
SELECT warrant.protect('ledger');
\c - regress_clerk
SELECT * FROM stage.outcomes();
COPY (SELECT most_common_vals FROM pg_stats) TO stdout;
COPY pg_statistic (stavalues1) TO stdout;

-- With a grant, until it ends.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{ADMIN}', on_database => true) AS "grant" \gset
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
SELECT count(*) > 0 AS read FROM peek();
PREPARE kept AS SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'ledger';
EXECUTE kept;
\c - :owner
SELECT DISTINCT event, who, command, relation, "grant" FROM stage.news() WHERE event = 'allowed';
-- Who is not concerned reads on.
SELECT warrant.create_policy('auditors', 'open', on_database => true, for_roles => '{regress_other}', commands => '{ADMIN}');
\c - regress_other
SELECT count(*) > 0 AS read FROM pg_statistic;
\c - regress_chief
SELECT warrant.revoke(:grant);
\c - regress_clerk
SELECT count(*) > 0 AS read FROM peek();

-- A superuser is audited, and gated if that is wanted: the toast tables, too.
\c - :owner
SELECT count(*) > 0 AS seen FROM stage.news();
SELECT count(*) > 0 AS read FROM pg_statistic;
SELECT event, who, command, n FROM stage.news();
ALTER SYSTEM SET pg_warrant.enforce_superuser = on;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforce_superuser;
SELECT stage.outcome('TABLE pg_statistic'), stage.outcome('TABLE pg_toast.pg_toast_2619'), stage.outcome('TABLE pg_toast.pg_toast_3429');
ALTER SYSTEM RESET pg_warrant.enforce_superuser;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforce_superuser;
\set file :directory '/sql/include/leave.sql'
\i :file
