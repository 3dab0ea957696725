-- Names that users wrote stand in messages in one line, without what does not show: a policy's, a role's, a person's, wherever a message has one.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE orders (id int, total int);
CREATE TABLE archive (id int);
GRANT ALL ON orders, archive TO PUBLIC;
-- The name would end the line, begin a message of its own, colour a terminal and turn what follows round.
SELECT format(E'%s\nERROR:  forged \x1b[31m', 'a') || U&'\202E' AS evil \gset
CREATE TABLE stage.evil AS SELECT :'evil'::text AS name;
GRANT SELECT ON stage.evil TO PUBLIC;
-- Runs a statement with %L for the name, and tells what its error says: what does not show as \ and a letter, so that none is there.
CREATE FUNCTION stage.says(statement text) RETURNS text LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    t record;
    words text;
BEGIN
    SELECT * INTO t FROM stage.try(replace(statement, '%L', (SELECT quote_literal(e.name) FROM stage.evil e)));
    words := concat_ws(' | ', t.state, t.message, t.detail, t.hint);
    words := regexp_replace(words, 'just now|\d+ \w+ ago', 'a while ago');
    RETURN CASE WHEN regexp_replace(words, E'\n(Nobody is asked|Grant \\d+ for this)', '', 'g') ~ E'[\\x01-\\x1f\\x7f\\u202a-\\u202e]' THEN 'SHOWN AS IT IS: ' ELSE '' END || regexp_replace(words, E'[\\x01-\\x1f\\x7f\\u202a-\\u202e]', '~', 'g');
END;
$$;
SELECT format('CREATE ROLE %I LOGIN', E'regress_\t' || U&'\202E' || 'evil') AS make, E'regress_\t' || U&'\202E' || 'evil' AS evil_role, quote_ident(E'regress_\t' || U&'\202E' || 'evil') AS evil_reg \gset
:make;
GRANT warrant_approver TO :"evil_role";
SET client_min_messages = notice;

-- Definitions: warnings and notices as well.
SELECT warrant.create_policy(:'evil', 'approve', on_table => 'orders', approver_role => 'pg_monitor') IS NOT NULL AS made;
SELECT warrant.alter_policy(:'evil', '{}') IS NULL AS same;
SELECT warrant.alter_policy(:'evil', '{"mode": "monitor"}');
SELECT warrant.alter_policy(:'evil', '{"mode": "enforce", "approver_role": "warrant_approver", "min_approvals": 9}') IS NOT NULL AS altered;
SELECT warrant.alter_policy(:'evil', '{"min_approvals": 1}');
SELECT c.n, stage.says(c.statement) FROM (VALUES (1, $$SELECT warrant.create_policy(%L, 'open', on_table => 'orders')$$), (2, $$SELECT warrant.alter_policy(%L || 'x', '{}')$$), (3, $$SELECT warrant.drop_policy(%L || 'x')$$),
    (4, $$SELECT warrant.alter_policy(%L, jsonb_build_object(%L, 1))$$), (5, $$SELECT warrant.alter_policy(%L, '{"priority": "x"}')$$), (6, $$SELECT warrant.drop_profile(%L)$$), (7, $$SELECT warrant.drop_webhook(%L)$$),
    (8, $$SELECT warrant.enable_webhook(%L)$$), (9, $$SELECT warrant.alter_policy('never', jsonb_build_object('webhook', %L))$$), (10, $$SELECT warrant.apply_pack(%L::text)$$),
    (11, $$SELECT * FROM warrant.apply_policies(jsonb_build_object('policies', jsonb_build_array(jsonb_build_object('name', %L, 'effect', 'open', 'on_table', 'public.archive'))))$$),
    (12, $$SELECT * FROM warrant.apply_policies(jsonb_build_object('policies', jsonb_build_array(jsonb_build_object('name', %L, 'effect', 'nothing', 'on_table', 'public.archive'))))$$),
    (13, $$SELECT * FROM warrant.apply_policies(jsonb_build_object('policies', jsonb_build_array(jsonb_build_object('name', %L), jsonb_build_object('name', %L))))$$)) AS c (n, statement) ORDER BY c.n;

-- Refusals.
\c - regress_clerk
SELECT stage.says('DELETE FROM orders WHERE id = 1');
SELECT warrant.cancel(1);
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy(:'evil', '{"require_reason": true, "ticket_pattern": "OPS-[0-9]+", "require_comment": true}') IS NOT NULL AS altered;
\c - regress_clerk
SELECT stage.says('TRUNCATE orders');
SELECT stage.says($$SELECT warrant.request('{SELECT}', on_table => 'orders')$$);
SELECT stage.says($$SELECT warrant.request('{SELECT}', on_table => 'orders', reason => 'r', ticket => 'x')$$);
SELECT warrant.request('{SELECT}', on_table => 'orders', reason => 'r', ticket => 'OPS-1') AS id \gset
\c - :evil_role
SELECT warrant.approve(:id);
SELECT warrant.approve(:id, comment => 'yes');
\c - regress_chief
SET client_min_messages = warning;    -- the notice has the time
SELECT warrant.delegate(:'evil_reg', now() + interval '1 hour');
SET client_min_messages = notice;
SELECT warrant.end_delegation(:'evil_reg');
\c - :evil_role
SELECT warrant.revoke_all('regress_clerk', 'leaver');
\c - regress_clerk
SELECT stage.says('SELECT * FROM orders');
SELECT rule, detail FROM warrant.explain('SELECT', 'orders') WHERE rule = 'policy';
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy(:'evil', '{"exact": true}') IS NOT NULL AS altered;
\c - regress_clerk
SELECT stage.says('TRUNCATE orders'), stage.says($$SELECT warrant.request('{SELECT}', on_table => 'orders', reason => 'r', ticket => 'OPS-1')$$);
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy(:'evil', '{"on_refusal": "refuse"}') IS NOT NULL AS altered;
\c - regress_clerk
SELECT stage.says('TRUNCATE orders');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy(:'evil'), warrant.create_policy(:'evil', 'approve', on_table => 'orders', client_cidr => '{10.20.0.0/16}') IS NOT NULL AS made;
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'orders') > 0 AS asked;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy(:'evil'), warrant.create_policy(:'evil', 'deny', on_table => 'orders') IS NOT NULL AS made;
\c - regress_clerk
SELECT stage.says('SELECT * FROM orders'), stage.says($$SELECT warrant.request('{SELECT}', on_table => 'orders')$$);
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy(:'evil'), warrant.create_policy(:'evil', 'auto', on_table => 'orders', require_reason => true) IS NOT NULL AS made;
\c - regress_clerk
SELECT stage.says('SELECT * FROM orders'), stage.says($$SELECT warrant.request('{SELECT}', on_table => 'orders')$$);
SET pg_warrant.reason = 'r';
SELECT count(*) FROM orders;
\c - :owner
SELECT max(id) AS id FROM warrant.grants \gset
\c - regress_dba
SET client_min_messages = warning;    -- the notice has the time
SELECT warrant.revoke(:id, 'no');
\c - regress_clerk
SELECT regexp_replace(stage.says('SELECT * FROM orders'), 'until .*', 'until ...');
\c - :owner
SELECT warrant.unprotect('orders');
SET client_min_messages = warning;
SELECT warrant.create_policy(:'evil', 'approve', on_table => 'orders', max_rows => 1) IS NOT NULL AS made;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{READ,WRITE}', on_table => 'orders', max_rows => 1);
\c - regress_clerk
SELECT stage.says('INSERT INTO orders SELECT g, g FROM generate_series(1, 3) AS g');
\c - :owner
SELECT warrant.unprotect('orders');
SET client_min_messages = warning;
DROP OWNED BY :"evil_role";
DROP ROLE :"evil_role";
\set file :directory '/sql/include/leave.sql'
\i :file
