-- Policies that grant by themselves, where something that they want is missing.

--- auto_without_reason: a reason that says nothing
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('why', 'auto', on_table => 'orders', require_reason => true);
-- granted
SELECT warrant.alter_policy('why', '{"require_reason": false}');
-- attack
SET pg_warrant.reason = U&' \00A0\200E ';
TABLE orders;

--- auto_by_part_of_ticket: a ticket that has what it wants only within
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('why', 'auto', on_table => 'orders', ticket_pattern => 'OPS-[0-9]+');
-- granted
SELECT warrant.alter_policy('why', '{"ticket_pattern": null}');
-- attack
SET pg_warrant.ticket = 'no OPS-1';
TABLE orders;

--- auto_beyond_its_commands: a write of all rows, where those by a condition are granted
-- needs UPDATE, UPDATE_ALL on orders
-- gate
SELECT warrant.create_policy('some', 'auto', on_table => 'orders', commands => '{UPDATE}');
-- granted
SELECT warrant.alter_policy('some', '{"commands": ["UPDATE", "UPDATE_ALL"]}');
-- attack
UPDATE orders SET status = 'void';

--- auto_after_revoke: who has no grant yet is stopped with the others
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('any', 'auto', on_table => 'orders');
SELECT warrant.revoke_all('clerk');
-- granted
SELECT warrant.drop_policy('any');
SELECT warrant.create_policy('any', 'auto', on_table => 'orders');
-- attack
SET pg_warrant.duration = '1 second';
TABLE orders;

--- auto_reason_for_owner: the caller's reason, for a function of somebody who has given none
-- needs SELECT on orders
-- setup
CREATE FUNCTION cards() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop AS 'BEGIN RETURN QUERY SELECT card FROM orders; END';
ALTER FUNCTION cards() OWNER TO owner;
-- gate
SELECT warrant.create_policy('why', 'auto', on_table => 'orders', require_reason => true);
GRANT warrant_exempt TO clerk;
-- granted
SELECT warrant.alter_policy('why', '{"require_reason": false}');
-- attack
SET pg_warrant.reason = 'mine';
SELECT cards();
