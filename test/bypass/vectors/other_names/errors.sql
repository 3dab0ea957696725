-- Who may write, but not read, looks at what the errors quote. Gated, the statement runs, and its error says nothing.

--- failing_row: a constraint's error quotes the row
-- needs nothing
-- error 23502
-- fails
-- setup
ALTER TABLE orders ALTER status SET NOT NULL;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = NULL WHERE id = 1;

--- quoted_value: a conversion's error quotes the value
-- needs nothing
-- error 22008
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card::date::text WHERE id = 1;

--- quoted_in_where: the same in WHERE
-- needs nothing
-- error 22003
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders');
-- attack
DELETE FROM orders WHERE card::int = 1;

--- quoted_name: a name that nothing bears
-- needs nothing
-- error 42P01
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = ('x' || card)::regclass::text;

--- quoted_context: an error whose context quotes it
-- needs nothing
-- error 22P02
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = (card || ' {')::json::text;

--- quoted_key: a unique key
-- needs nothing
-- error 23505
-- fails
-- setup
UPDATE orders SET status = CASE id WHEN 1 THEN card ELSE id::text END;
ALTER TABLE orders ADD UNIQUE (status);
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card WHERE id = 2;

--- quoted_foreign_key: a foreign key, checked when the statement ends
-- needs nothing
-- error 23503
-- fails
-- setup
CREATE TABLE cards (card text PRIMARY KEY);
ALTER TABLE orders ADD FOREIGN KEY (status) REFERENCES cards NOT VALID;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card;

--- caught_error: a block that looks at the error itself
-- needs nothing
-- swallows
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
DO $$
DECLARE
    message text;
BEGIN
    UPDATE shop.orders SET status = card::date::text;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    RAISE NOTICE '%', message;
END $$;

--- upsert_error: INSERT ... ON CONFLICT
-- needs nothing
-- error 22008
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT,UPDATE}', on_table => 'orders');
-- attack
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = orders.card::date::text;

--- quoted_notice: a notice quotes the value
-- needs nothing
-- swallows
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
BEGIN;
UPDATE orders SET status = to_regtype('x' || card || repeat('y', 60))::text;
ROLLBACK;
