-- The owner of a column's type, who does not own the table.

--- enum_renamed: a value gets another name in all rows
-- needs ALTER on orders
-- setup
CREATE TYPE mood AS ENUM ('fine', 'awful');
ALTER TABLE orders ADD mood mood DEFAULT 'fine';
ALTER TYPE mood OWNER TO clerk;
-- attack
ALTER TYPE mood RENAME VALUE 'fine' TO 'bad';

--- domain_default: a default by a type
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE DOMAIN card_number AS text;
ALTER TABLE orders ALTER card TYPE card_number;
ALTER DOMAIN card_number OWNER TO clerk;
-- attack
ALTER DOMAIN card_number SET DEFAULT 'x';
SELECT 'done';

--- domain_not_valid: a check that sees what others write
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE DOMAIN card_number AS text;
ALTER TABLE orders ALTER card TYPE card_number;
ALTER DOMAIN card_number OWNER TO clerk;
-- attack
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
ALTER DOMAIN card_number ADD CHECK (desk.tell(VALUE)) NOT VALID;
SELECT 'done';

--- domain_drop_constraint: a check goes
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE DOMAIN card_number AS text CONSTRAINT c CHECK (VALUE <> '');
ALTER TABLE orders ALTER card TYPE card_number;
ALTER DOMAIN card_number OWNER TO clerk;
-- attack
ALTER DOMAIN card_number DROP CONSTRAINT c;
SELECT 'done';
