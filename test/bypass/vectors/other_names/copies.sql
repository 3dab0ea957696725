-- Reading that copies: into a table, a file, a program, another connection.

--- create_table_as: into a new table
-- needs SELECT, EXPORT on orders
-- attack
CREATE TABLE desk.copy AS TABLE orders;

--- select_into: the older spelling
-- needs SELECT, EXPORT on orders
-- attack
SELECT * INTO desk.copy FROM orders;

--- create_table_as_execute: from a prepared statement
-- needs SELECT, EXPORT on orders
-- attack
PREPARE p AS TABLE orders;
CREATE TABLE desk.copy AS EXECUTE p;

--- temporary_copy: into a table of the session's own
-- needs SELECT, EXPORT on orders
-- attack
CREATE TEMPORARY TABLE mine AS TABLE orders;
TABLE mine;

--- insert_select: into a table that anybody may read
-- needs SELECT, EXPORT on orders
-- attack
INSERT INTO notes SELECT id + 10, card FROM orders;

--- update_from: the same by UPDATE
-- needs SELECT, EXPORT on orders
-- attack
UPDATE notes SET note = o.card FROM orders o WHERE o.id = notes.id;

--- merge_using: the same by MERGE
-- needs SELECT, EXPORT on orders
-- attack
MERGE INTO notes USING orders o ON o.id = notes.id WHEN MATCHED THEN UPDATE SET note = o.card WHEN NOT MATCHED THEN INSERT VALUES (o.id, o.card);

--- insert_in_cte: the same by a CTE
-- needs SELECT, EXPORT on orders
-- attack
WITH i AS (INSERT INTO notes SELECT id + 10, card FROM orders) SELECT 1;

--- explain_analyze_copy: the same under EXPLAIN ANALYZE
-- needs SELECT, EXPORT on orders
-- attack
EXPLAIN ANALYZE CREATE TABLE desk.copy AS TABLE orders;

--- copy_to_client: COPY of the table itself
-- needs SELECT, EXPORT on orders
-- attack
COPY orders TO STDOUT;

--- copy_query: COPY of a query
-- needs SELECT, EXPORT on orders
-- attack
COPY (SELECT card FROM orders) TO STDOUT;

--- copy_view: COPY of a query over a view
-- needs SELECT, EXPORT on orders
-- setup
CREATE VIEW seen AS TABLE orders;
-- attack
COPY (TABLE seen) TO STDOUT;

--- copy_returning: COPY of what a statement took out
-- needs DELETE, SELECT, EXPORT on orders
-- attack
COPY (DELETE FROM orders WHERE id > 0 RETURNING card) TO STDOUT;

--- copy_to_file: on the server
-- needs ADMIN on database; SELECT, EXPORT on orders
-- setup
GRANT pg_write_server_files TO clerk;
-- attack
\set file :files '/out'
COPY orders TO :'file';

--- copy_to_program: to a program on the server
-- needs ADMIN on database; SELECT, EXPORT on orders
-- setup
GRANT pg_execute_server_program TO clerk;
-- attack
\set command 'cat >' :files '/out'
COPY orders TO PROGRAM :'command';

--- copy_partition: COPY of a partition by name
-- needs SELECT, EXPORT on payments_new
-- gate
SELECT warrant.protect('payments');
-- attack
COPY payments_new TO STDOUT;

--- copy_from: COPY into the table
-- needs INSERT on orders
-- attack
COPY orders (id, status) FROM STDIN;
77	forged
\.

--- copy_from_where: what COPY FROM evaluates
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN ''; END $$;
-- attack
COPY notes FROM STDIN WHERE note <> top_card();
77	x
\.

--- large_object: into a large object
-- needs SELECT on orders
-- attack
SELECT lo_from_bytea(0, card::bytea) FROM orders WHERE id = 1;

--- notification: to those who listen
-- needs SELECT on orders
-- attack
LISTEN anybody;
SELECT pg_notify('anybody', card) FROM orders WHERE id = 1;

--- setting: into a setting
-- needs SELECT on orders
-- attack
SELECT set_config('my.card', max(card), false) FROM orders;

--- error_message: into an error
-- needs SELECT on orders
-- swallows
-- attack
\set ON_ERROR_STOP off
SELECT card::date FROM orders;

--- loopback_dblink: a connection back to the server, as somebody else
-- needs SELECT on orders
-- subject owner
-- relayed
-- setup
CREATE EXTENSION dblink;
GRANT EXECUTE ON FUNCTION dblink_connect_u(text) TO clerk;
-- attack
SELECT dblink_connect_u(format('host=%s port=%s dbname=market user=owner', :'host', :'port'));
SELECT * FROM dblink('TABLE shop.orders') AS t (id int, customer int, status text, card text);

--- loopback_foreign_table: a foreign table that is the table
-- needs SELECT on orders
-- relayed
-- setup
CREATE EXTENSION postgres_fdw;
SELECT format('CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)', :'host', :'port', 'market') \gexec
CREATE USER MAPPING FOR clerk SERVER loop OPTIONS (user 'clerk', password_required 'false');
CREATE FOREIGN TABLE mirror (id int, card text) SERVER loop OPTIONS (schema_name 'shop', table_name 'orders');
GRANT SELECT ON mirror TO clerk;
-- attack
TABLE mirror;

--- protected_foreign_table: the foreign table is protected
-- needs SELECT on mirror
-- setup
CREATE EXTENSION postgres_fdw;
SELECT format('CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)', :'host', :'port', 'market') \gexec
CREATE USER MAPPING FOR clerk SERVER loop OPTIONS (user 'clerk', password_required 'false');
CREATE FOREIGN TABLE mirror (id int, card text) SERVER loop OPTIONS (schema_name 'shop', table_name 'orders');
GRANT SELECT ON mirror TO clerk;
-- attack
TABLE mirror;

--- dump: pg_dump as an ordinary role
-- needs LOCK, SELECT, EXPORT on orders
-- swallows
-- attack
\! pg_dump --data-only -t shop.orders

--- copied_through_view: into a view whose trigger puts it elsewhere
-- needs EXPORT on orders
-- setup
CREATE VIEW front AS SELECT ''::text AS card;
CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes VALUES (77, NEW.card); RETURN NEW; END $$;
CREATE TRIGGER put INSTEAD OF INSERT ON front FOR EACH ROW EXECUTE FUNCTION put();
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
INSERT INTO front SELECT card FROM orders WHERE id = 1;
