-- Other roles: the subject stays who logged in.

--- set_role: the role of the table's owner
-- needs SELECT on orders
-- setup
GRANT owner TO clerk;
-- attack
SET ROLE owner;
TABLE orders;

--- set_role_superuser: a superuser's
-- needs SELECT on orders
-- setup
GRANT dba TO clerk;
-- attack
SET ROLE dba;
TABLE orders;

--- set_config_role: the same by a function
-- needs SELECT on orders
-- setup
GRANT dba TO clerk;
-- attack
SELECT set_config('role', 'dba', false);
TABLE orders;

--- role_in_function: a function with a role of its own
-- needs SELECT on orders
-- setup
GRANT dba TO clerk;
CREATE FUNCTION desk.as_dba() RETURNS SETOF text LANGUAGE sql SET role = 'dba' AS 'SELECT card FROM shop.orders';
ALTER FUNCTION desk.as_dba() OWNER TO clerk;
-- attack
SELECT desk.as_dba();

--- role_at_login: a role that the login sets
-- needs SELECT on orders
-- setup
GRANT dba TO clerk;
ALTER ROLE clerk SET role = dba;
-- attack
TABLE orders;

--- fellow_members_grant: another member of the same role has the grant
-- needs SELECT on orders
-- setup
CREATE ROLE team;
GRANT team TO clerk, helper;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('helper', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;

--- grant_to_role: the grant is to a role, and only members may
-- needs SELECT on orders
-- subject clerk
-- setup
CREATE ROLE team;
GRANT team TO clerk;
-- granted
SELECT warrant.grant('team', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;

--- grant_to_group: the grant is to a role that contains the subject's role
-- needs SELECT on orders
-- setup
CREATE ROLE team;
CREATE ROLE company;
GRANT team TO clerk;
GRANT company TO team;
-- granted
SELECT warrant.grant('company', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;

--- grant_to_stranger: and nobody else's grant counts
-- needs SELECT on orders
-- setup
CREATE ROLE team;
GRANT team TO helper;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('team', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;

--- recreated_role: the grant's role was dropped, another one bears the name
-- as temp
-- needs SELECT on orders
-- setup
CREATE ROLE temp LOGIN;
GRANT ALL ON orders TO temp;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('temp', '{SELECT}', on_table => 'orders');
DROP OWNED BY temp;
DROP ROLE temp;
CREATE ROLE temp LOGIN;
GRANT ALL ON orders TO temp;
-- attack
TABLE orders;

--- renamed_role: the subject has got the name of the one who has the grant
-- as temp
-- needs SELECT on orders
-- setup
CREATE ROLE temp LOGIN;
GRANT ALL ON orders TO temp;
-- gate
SELECT warrant.protect('orders');
ALTER ROLE temp RENAME TO former;
CREATE ROLE temp LOGIN;
SELECT warrant.grant('temp', '{SELECT}', on_table => 'orders');
ALTER ROLE temp RENAME TO elsewhere;
ALTER ROLE former RENAME TO temp;
-- attack
TABLE orders;

--- read_all_data: a predefined role that reads everything
-- needs SELECT on orders
-- setup
REVOKE ALL ON orders FROM clerk;
GRANT pg_read_all_data TO clerk;
-- attack
TABLE orders;

--- write_all_data: one that writes everything
-- needs UPDATE, UPDATE_ALL on orders
-- setup
REVOKE ALL ON orders FROM clerk;
GRANT pg_write_all_data TO clerk;
-- attack
UPDATE orders SET status = 'void';

--- bypassrls: a role that row policies do not bind
-- as temp
-- needs SELECT on orders
-- setup
CREATE ROLE temp LOGIN BYPASSRLS;
GRANT ALL ON orders TO temp;
-- attack
TABLE orders;

--- claimed_identity: who a setting says he is
-- needs SELECT on orders
-- attack
SET application_name = 'dba';
SET my.identity = 'dba';
SET "request.jwt.claims" = '{"role":"dba"}';
TABLE orders;

--- options_at_login: settings that the client sends along
-- needs SELECT on orders
-- relayed
-- setup
CREATE EXTENSION dblink;
GRANT EXECUTE ON FUNCTION dblink_connect_u(text) TO clerk;
-- attack
SELECT dblink_connect_u(format('host=%s port=%s dbname=market user=clerk options=''-c row_security=off -c search_path=shop -c plan_cache_mode=force_generic_plan''', :'host', :'port'));
SELECT * FROM dblink('TABLE orders') AS t (id int, customer int, status text, card text);

--- except_another: the policy leaves out a role that he is not a member of
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders', except_roles => '{helper}');
-- attack
TABLE orders;

--- named_by_group: the policy names a role that he is a member of
-- needs SELECT on orders
-- setup
CREATE ROLE team;
GRANT team TO clerk;
-- gate
SELECT warrant.create_policy('team', 'approve', on_table => 'orders', for_roles => '{team}');
-- attack
TABLE orders;

--- trusted_definers_role: SET ROLE to one whose functions and views the policy trusts
-- needs SELECT on orders
-- setup
GRANT owner TO clerk;
-- gate
SELECT warrant.create_policy('reading', 'approve', on_table => 'orders', definer_roles => '{owner}');
-- attack
SET ROLE owner;
TABLE orders;

--- gone_role: the role that the policy names is gone
-- needs SELECT on orders
-- setup
CREATE ROLE temp;
-- gate
SELECT warrant.create_policy('temps', 'approve', on_table => 'orders', for_roles => '{temp}');
DROP ROLE temp;
-- attack
TABLE orders;
