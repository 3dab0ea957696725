-- on_refusal: whether a refused statement files its request, or leaves that to a call.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (id int PRIMARY KEY, status text);
CREATE TABLE archive (id int, note text);
CREATE TABLE ledger (id int);
CREATE TABLE cards (id int, number text);
CREATE TABLE "null, \""x\ " ("a ""b\" int, "null" int, c int);
CREATE TABLE plain (id int);
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
CREATE SCHEMA "Shop";
GRANT ALL ON SCHEMA "Shop" TO PUBLIC;
-- What it can be, and for whom.
SELECT warrant.create_policy('x', 'approve', on_table => 'orders', on_refusal => 'ask');
SELECT warrant.create_policy('x', 'approve', on_table => 'orders', on_refusal => '');
SELECT warrant.create_policy('x', 'approve', on_table => 'orders', on_refusal => NULL);
SELECT warrant.create_policy('x', 'open', on_table => 'orders', on_refusal => 'refuse');
SELECT warrant.create_policy('x', 'auto', on_table => 'orders', on_refusal => 'refuse');
SELECT warrant.create_policy('x', 'deny', on_table => 'orders', on_refusal => 'refuse');
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', on_refusal => 'refuse');
SELECT warrant.create_policy('archive', 'approve', on_table => 'archive', on_refusal => 'refuse');
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', on_refusal => 'request');
SELECT name, on_refusal FROM warrant.policies WHERE target_kind <> '!' ORDER BY name;
SELECT stage.settle();

-- Refused, and nothing is filed: the call that is named asks for it.
\c - regress_clerk
SELECT * FROM warrant.needs('SELECT * FROM orders');
SELECT rule, answer, detail FROM warrant.explain('DELETE', 'orders') WHERE rule = 'approve';
SELECT * FROM orders;
UPDATE orders SET status = 'x' WHERE id = 1;
SELECT command, relation_name, policy_name, request_ids FROM warrant.last_refusal();
-- Several objects: those for the same commands in one call.
SELECT 1 FROM orders, archive;
INSERT INTO archive SELECT id FROM orders;
-- Swallowed, and tried again.
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            DELETE FROM orders WHERE id = 1;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE NOTICE '%', SQLERRM;
        END;
    END LOOP;
END
$$;
SELECT count(*) FROM warrant.my_requests;
-- Each by its own policy: one files its request, the other names the call.
SELECT 1 FROM ledger, orders;
SELECT request_ids FROM warrant.last_refusal();
SELECT id, commands FROM warrant.my_requests ORDER BY id;
-- The call files as ever, and the statement then names its request.
SELECT warrant.request('{SELECT,EXPORT}', on_table => 'public.orders') AS request \gset
SELECT * FROM orders;
SELECT * FROM orders, archive;
-- One for a column of it does not ask for all of it.
SELECT warrant.request('{SELECT}', on_table => 'archive', columns => '{id}') > 0 AS asked;
SELECT * FROM archive;
\c - regress_chief
SELECT warrant.approve(:request);
\c - regress_clerk
SELECT * FROM orders;
SELECT answer, detail FROM warrant.needs('SELECT id FROM orders');
\c - :owner
SELECT event, command, relation_name, policy_name, request_id, comment, repeats FROM warrant.audit_log
 WHERE event IN ('refused', 'request_created', 'draft_created', 'grant_created') ORDER BY seq;

-- What policies want of each request is in the call; claims stay with the session.
SELECT warrant.alter_policy('archive', '{"require_reason": true, "ticket_pattern": "OPS-[0-9]+"}');
SELECT warrant.create_policy('cards', 'approve', on_table => 'cards', columns => '{number}', on_refusal => 'refuse');
SELECT warrant.create_policy('odd', 'approve', on_table => 'public."null, \""x\ "', columns => '{"a \"b\\","null",c}', on_refusal => 'refuse');
SELECT warrant.create_policy('made', 'approve', on_schema => 'Shop', commands => '{CREATE}', on_refusal => 'refuse');
SELECT warrant.create_policy('exact', 'approve', on_table => 'plain', exact => true, on_refusal => 'refuse');
SELECT stage.settle();
\c - regress_clerk
SET pg_warrant.reason = 'cleaning';
DELETE FROM archive;
SHOW pg_warrant.reason;
SELECT * FROM cards;
SELECT "a ""b\", "null" FROM "null, \""x\ ";
SELECT warrant.request('{SELECT}', on_table => E'public."null, \\""x\\ "', columns => E'{"a \\"b\\\\","null"}') IS NOT NULL AS filed;
SELECT 1 FROM orders o, archive a, "null, \""x\ ";
CREATE TABLE "Shop".made ();
DELETE FROM plain WHERE id = 1;
TRUNCATE plain;
SELECT answer, detail FROM warrant.needs('DELETE FROM plain WHERE id = 1');
SELECT answer, detail FROM warrant.needs('TRUNCATE plain');
SELECT warrant.request_statement('DELETE FROM plain WHERE id = 1') AS request \gset
\c - regress_chief
SELECT warrant.approve(:request);
\c - regress_clerk
DELETE FROM plain WHERE id = 1;
-- Whom somebody else's code stops is told whom to trust.
\c - :owner
CREATE FUNCTION sum_up() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT count(*) FROM archive); END $$;
ALTER FUNCTION sum_up() OWNER TO regress_other;
SET ROLE regress_clerk;
SELECT sum_up();
RESET ROLE;
\c - regress_clerk
SELECT sum_up();

-- Neither way loosens, changes what was approved, or ends a grant.
\c - :owner
SELECT warrant.alter_policy('orders', '{"on_refusal": "request"}');
SELECT warrant.alter_policy('orders', '{"on_refusal": null}');
SELECT warrant.alter_policy('orders', '{"on_refusal": "never"}');
SELECT warrant.alter_policy('orders', '{"on_refusal": "refuse"}');
SELECT warrant.alter_policy('orders', '{"effect": "deny"}');
SELECT * FROM warrant.apply_policies('{"policies": [{"name": "orders", "effect": "approve", "on_table": "public.orders"}]}');
SELECT count(*) FROM warrant.audit_log WHERE event = 'weakened' AND policy_name = 'orders';
SELECT p->>'on_refusal' FROM jsonb_array_elements(warrant.export_policies()->'policies') AS p WHERE p->>'name' = 'orders';
SELECT count(*) FROM warrant.active_grants WHERE grantee_name = 'regress_clerk';
-- Of what only watches nothing is refused; who asks is told.
SELECT warrant.alter_policy('ledger', '{"mode": "monitor", "on_refusal": "refuse"}');
SELECT stage.settle();
\c - regress_clerk
SELECT * FROM ledger;
SELECT answer, detail FROM warrant.needs('SELECT id FROM ledger');
SELECT warrant.request('{DELETE}', on_table => 'ledger') AS request \gset
SELECT warrant.request('{SELECT,INSERT}', on_tables => '{ledger,archive}', reason => 'stock', ticket => 'OPS-1') IS NOT NULL AS filed;
SELECT warrant.request_statement('DELETE FROM ledger');
-- What is granted meanwhile counts once it is enforced.
\c - regress_chief
SELECT warrant.approve(:request);
\c - :owner
SELECT warrant.alter_policy('ledger', '{"mode": "enforce"}');
SELECT stage.settle();
\c - regress_clerk
DELETE FROM ledger WHERE id = 1;
SELECT 1 FROM ledger;
\set file :directory '/sql/include/leave.sql'
\i :file
