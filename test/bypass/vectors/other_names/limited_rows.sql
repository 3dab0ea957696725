-- Grants of a number of rows: others are read beside the count.

--- row_in_notice: a function of the server quotes a value in a notice
-- needs nothing
-- shows truncated
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_rows => 1);
-- attack
SELECT id FROM orders WHERE id < 0 OR to_regtype(repeat('x', 64) || encode(card::bytea, 'hex')) IS NOT NULL;

--- row_in_notice_turned_on: a statement that may not read, and turns on what keeps its notices back
-- needs nothing
-- shows truncated
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = 'x' WHERE set_config('client_min_messages', 'notice', false) IS NOT NULL AND to_regtype(repeat('x', 64) || encode(card::bytea, 'hex')) IS NOT NULL;

--- row_in_statistics: the planner shows what it has sampled to an operator of the reader's own
-- needs nothing
-- setup
ANALYZE orders;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_rows => 1);
-- attack
CREATE FUNCTION desk.spy(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN false; END $$;
CREATE OPERATOR desk.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = desk.spy, RESTRICT = eqsel);
SELECT id FROM orders WHERE card OPERATOR(desk.===) 'x';

--- rows_by_two_grants: what one grant lets it read, and another one change
-- needs nothing
-- watch orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_rows => 2);
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders', max_rows => 2);
-- attack
DO $$ BEGIN PERFORM FROM orders WHERE id < 3; UPDATE orders SET status = 'void' WHERE id = 3; END $$;

--- rows_of_view: those that a view has itself
-- needs nothing
-- watch cards
-- shows 2 cards
-- setup
CREATE VIEW cards AS VALUES ('one'), ('two');
-- gate
SELECT warrant.protect('cards');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'cards', max_rows => 1);
-- attack
SELECT count(*) || ' cards' FROM cards;

--- rows_by_partitions: a row of each, by name
-- needs nothing
-- watch payments
-- shows 2 payments
-- gate
SELECT warrant.protect('payments');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'payments', max_rows => 1);
-- attack
SELECT (SELECT count(*) FROM payments_old) + (SELECT count(*) FROM payments_new) || ' payments';
