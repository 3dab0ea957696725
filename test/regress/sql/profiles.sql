-- Profiles: commands on a target that are asked for by one name.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE ROLE regress_readers;
GRANT regress_readers TO regress_clerk;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int);
CREATE TABLE shop.salaries (id int);
CREATE TABLE notes (id int);
GRANT USAGE ON SCHEMA shop TO PUBLIC;
GRANT ALL ON shop.orders, shop.salaries, notes TO regress_clerk, regress_other;
\c - regress_dba
SELECT warrant.protect_schema('shop');
SELECT warrant.create_policy('salaries', 'approve', on_table => 'shop.salaries', min_approvals => 2, max_duration => '10 min', max_uses => 3);
SELECT warrant.create_profile('database_reader', '{READ}', on_database => true, for_roles => '{regress_readers}');
SELECT warrant.create_profile('temporary_editor', '{read, WRITE, READ}', on_schema => 'shop');
SELECT warrant.create_profile('clerk''s "desk"', '{UPDATE,SELECT}', on_table => 'shop.orders', for_roles => '{regress_readers,regress_chief}');
SELECT name, commands, target_kind, target_schema, target_name, for_role_names, created_by FROM warrant.profiles ORDER BY id;

-- What makes no profile.
SELECT state, message, hint FROM (VALUES
    ($$'x', NULL, on_table => 'shop.orders'$$),
    ($$'x', '{}', on_table => 'shop.orders'$$),
    ($$'x', '{NULL}', on_table => 'shop.orders'$$),
    ($$'x', '{EAT}', on_table => 'shop.orders'$$),
    ($$'x', '{ADMIN}', on_schema => 'shop'$$),
    ($$'x', '{CREATE}', on_table => 'shop.orders'$$),
    ($$'x', '{READ}'$$),
    ($$'x', '{READ}', on_table => NULL, on_database => NULL$$),
    ($$'x', '{READ}', on_table => 'shop.orders', on_database => true$$),
    ($$'x', '{READ}', on_table => 'pg_class'$$),
    ($$'x', '{READ}', on_schema => 'nowhere'$$),
    ($$'x', '{READ}', on_schema => 'warrant'$$),
    ($$'x', '{READ}', on_table => 'shop.orders', for_roles => NULL$$),
    ($$'x', '{READ}', on_table => 'shop.orders', for_roles => '{NULL}'$$),
    ($$'x', '{READ}', on_table => 'shop.orders', for_roles => '{regress_nobody}'$$),
    ($$NULL, '{READ}', on_table => 'shop.orders'$$),
    ($$'', '{READ}', on_table => 'shop.orders'$$),
    ($$repeat('x', 129), '{READ}', on_table => 'shop.orders'$$),
    ($$' x', '{READ}', on_table => 'shop.orders'$$),
    ($$E'x\ny', '{READ}', on_table => 'shop.orders'$$),
    ($$U&'x\202Ey', '{READ}', on_table => 'shop.orders'$$),
    ($$'temporary_editor', '{READ}', on_table => 'shop.orders'$$)) AS c (arguments),
    LATERAL stage.try(format('SELECT warrant.create_profile(%s)', c.arguments)) \g (format=unaligned)
SELECT state, message FROM stage.try($$SELECT warrant.drop_profile('x')$$);
SELECT state, message FROM stage.try($$SELECT warrant.drop_profile(NULL)$$);
\c - regress_clerk
SELECT state, message FROM stage.try($$SELECT warrant.create_profile('mine', '{READ}', on_database => true)$$);
SELECT state, message FROM stage.try($$SELECT warrant.drop_profile('database_reader')$$);
SELECT state, message FROM stage.try($$TABLE warrant.profiles$$);

-- Who may ask for which.
SELECT * FROM warrant.my_profiles;
\c - regress_other
SELECT * FROM warrant.my_profiles;
SELECT state, message, hint FROM stage.try($$SELECT warrant.request(profile => 'database_reader')$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.request(profile => U&'no\202Esuch')$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.request('{READ}', profile => 'temporary_editor')$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.request(profile => 'temporary_editor', on_table => 'notes')$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.request(profile => 'temporary_editor', on_database => true)$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.request(profile => '')$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.request(reason => 'no profile, and nothing else')$$);

-- A refusal names the nearest one that has all of it, to whom it is for.
SELECT hint FROM stage.try('TABLE shop.orders');
\c - regress_clerk
SELECT hint FROM stage.try('TABLE shop.orders');
SELECT hint FROM stage.try('DELETE FROM shop.orders WHERE id > 0');
SELECT hint FROM stage.try('TRUNCATE shop.orders');
SELECT hint FROM stage.try('SELECT FROM shop.orders, shop.salaries');

-- A request by name is one for what it stands for: under the terms of all policies that govern something of it now.
SELECT warrant.request(profile => 'database_reader', reason => 'month''s end', duration => '5 min') AS request \gset
SELECT warrant.request(profile => 'database_reader') = :request AS the_same;
SELECT state, message FROM stage.try($$SELECT warrant.request(profile => 'database_reader', duration => '11 min')$$);
SELECT state, schema_name, relation_name, commands, policy_name, reason, profile FROM warrant.my_requests WHERE id = :request ORDER BY policy_name;
SELECT warrant.request_status(:request)->'profile' AS profile;
\c - regress_chief
SELECT who, target, commands, approvals FROM warrant.my_inbox WHERE id = :request;
SELECT item, value FROM warrant.show_request(:request) WHERE item IN ('profile', 'wants', 'limits', 'approvals');
SELECT warrant.approve(:request);
-- What the profile becomes meanwhile changes nothing of what was asked for.
\c - regress_dba
SELECT warrant.drop_profile('database_reader');
SELECT warrant.create_profile('database_reader', '{ALL}', on_table => 'notes');
\c - regress_deputy
SELECT warrant.approve(:request) AS grant \gset
SELECT schema_name, relation_name, commands, policy_name, profile FROM warrant.active_grants WHERE id = :grant ORDER BY policy_name;
\c - regress_clerk
SELECT commands, policy_name, max_uses, uses_left, profile FROM warrant.my_grants WHERE id = :grant ORDER BY policy_name;
SELECT FROM shop.orders, shop.salaries;
SELECT state FROM stage.try('DELETE FROM shop.orders WHERE id > 0');
-- Later policies are not satisfied by it.
\c - regress_dba
SELECT warrant.protect('notes');
\c - regress_clerk
SELECT state FROM stage.try('TABLE notes');
-- More time is asked for under the same name.
SELECT warrant.extend(:grant) AS more \gset
SELECT DISTINCT profile FROM warrant.my_requests WHERE id = :more;
SELECT warrant.cancel(:more);

-- A profile for a table, whose name follows a rename. Gone, it is nothing: not what bears the name now.
\c - :owner
ALTER TABLE shop.orders RENAME TO purchases;
ALTER ROLE regress_readers RENAME TO regress_analysts;
SELECT stage.eventually($$SELECT target_name = 'purchases' AND 'regress_analysts' = ANY (for_role_names) FROM warrant.profiles WHERE name LIKE 'clerk%'$$);
\c - regress_clerk
SELECT * FROM warrant.my_profiles;
SELECT warrant.request(profile => 'clerk''s "desk"') > 0 AS asked;
\c - :owner
DROP TABLE shop.purchases;
CREATE TABLE shop.purchases (id int);
GRANT ALL ON shop.purchases TO regress_clerk;
\c - regress_clerk
SELECT name FROM warrant.my_profiles;
SELECT state, message, detail, hint FROM stage.try($$SELECT warrant.request(profile => 'clerk''s "desk"')$$);
\c - :owner
SELECT stage.eventually($$SELECT target = 0 FROM warrant.profiles WHERE name LIKE 'clerk%'$$);
-- A role that is gone is nobody.
DROP ROLE regress_analysts;
SELECT stage.eventually($$SELECT 0 = ANY (for_roles) FROM warrant.profiles WHERE name LIKE 'clerk%'$$);

-- Who lacks the server's privilege is told before anybody is asked.
CREATE ROLE regress_bare LOGIN;
GRANT USAGE ON SCHEMA shop TO regress_bare;
\c - regress_bare
SELECT state, message FROM stage.try($$SELECT warrant.request(profile => 'temporary_editor')$$);
SELECT state, message FROM stage.try($$SELECT warrant.request(profile => 'database_reader')$$);
SELECT state, message FROM stage.try($$INSERT INTO warrant.profiles (name, commands, target_kind, target, target_schema, target_name, for_roles, for_role_names) VALUES ('x', '{ALL}', 'd', 0, '', '', '{}', '{}')$$);
\c - :owner
SELECT state, message FROM stage.try($$INSERT INTO warrant.profiles (name, commands, target_kind, target, target_schema, target_name, for_roles, for_role_names) VALUES ('x', '{ALL}', 'd', 0, '', '', '{}', '{}')$$);
SELECT state, message FROM stage.try($$UPDATE warrant.profiles SET commands = '{ALL}'$$);
SELECT event, who, comment FROM stage.news() WHERE event = 'profile_changed' OR (event = 'request_created' AND comment LIKE 'profile%');
-- Whose target is gone is dropped as any other.
SELECT warrant.drop_profile('clerk''s "desk"');
-- A refusal does not advise the profile by which its request was made.
SET client_min_messages = warning;
CREATE TABLE public.drawers (a int);
GRANT ALL ON public.drawers TO PUBLIC;
SELECT warrant.protect('public.drawers'), warrant.create_profile('drawer', '{LOCK}', on_table => 'public.drawers');
\c - regress_clerk
SELECT warrant.request(profile => 'drawer', reason => 'locked by name') > 0 AS filed;
SELECT hint LIKE '%Profile%' AS advises FROM stage.try('LOCK public.drawers');
\c - regress_other
SELECT hint LIKE '%Profile "drawer"%' AS advises FROM stage.try('LOCK public.drawers');
-- A webhook is told of it.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.add_webhook('desk', 'https://desk.example.com/', 'decision', 'desk');
SELECT warrant.alter_policy('protect public.drawers', '{"webhook": "desk"}');
\c - regress_clerk
SELECT warrant.request(profile => 'drawer') > 0 AS filed;
\c - :owner
SET client_min_messages = warning;
SELECT facts->>'profile' AS profile FROM warrant.deliveries ORDER BY id DESC LIMIT 1;
DROP OWNED BY regress_bare;
DROP ROLE regress_bare;
\set file :directory '/sql/include/leave.sql'
\i :file
