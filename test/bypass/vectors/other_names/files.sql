-- What reaches the rows' bytes, or what the server keeps of them, beside the table.

--- table_file: the table's own file
-- needs ADMIN on database
-- setup
GRANT pg_read_server_files TO clerk;
GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO clerk;
CHECKPOINT;
-- attack
SELECT encode(pg_read_binary_file(pg_relation_filepath('orders')), 'escape');

--- foreign_table_of_program: a foreign table that is what a program prints
-- needs ADMIN on database
-- setup
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
GRANT pg_execute_server_program TO clerk;
GRANT USAGE ON FOREIGN SERVER files TO clerk;
CHECKPOINT;
-- attack
SELECT format('CREATE FOREIGN TABLE desk.printed (line text) SERVER files OPTIONS (program %L)',
              'tr -cd 0-9 <' || pg_relation_filepath('orders')) \gexec
TABLE desk.printed;

--- foreign_table_of_file: one whose file becomes another one
-- needs ADMIN on database
-- shows ^done$
-- setup
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE desk.printed (line text) SERVER files OPTIONS (filename '/dev/null');
ALTER FOREIGN TABLE desk.printed OWNER TO clerk;
GRANT pg_read_server_files TO clerk;
-- attack
SELECT format('ALTER FOREIGN TABLE desk.printed OPTIONS (SET filename %L)', pg_relation_filepath('orders')) \gexec
SELECT 'done';

--- aggregate_of_file: the function that reads a file is the step of an aggregate
-- needs ADMIN on database
-- shows ^version 1
-- setup
GRANT pg_read_server_files TO clerk;
GRANT EXECUTE ON FUNCTION pg_read_file(text, bigint, bigint) TO clerk;
-- attack
CREATE AGGREGATE desk.reading(bigint, bigint) (SFUNC = pg_read_file, STYPE = text, INITCOND = 'PG_VERSION');
SELECT 'version ' || desk.reading(0, 10);

--- bound_of_file: a partition's bound is read from a file
-- needs ADMIN on database
-- shows ^version FOR VALUES IN
-- setup
GRANT pg_read_server_files TO clerk;
GRANT EXECUTE ON FUNCTION pg_read_file(text, bigint, bigint) TO clerk;
-- attack
CREATE TABLE desk.versions (version text) PARTITION BY LIST (version);
CREATE TABLE desk.read PARTITION OF desk.versions FOR VALUES IN (pg_read_file('PG_VERSION', 0, 2));
SELECT 'version ' || pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = 'desk.read'::regclass;

--- raw_page: a page of it, by a superuser's function
-- needs ADMIN on database
-- setup
CREATE EXTENSION pageinspect;
CREATE FUNCTION raw() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT encode(get_raw_page('shop.orders', 0), 'escape') $$;
-- attack
SELECT raw();

--- killed_row: a row that is taken out of its page
-- needs ADMIN on database
-- setup
CREATE EXTENSION pg_surgery;
CREATE FUNCTION kill() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ SELECT heap_force_kill('shop.orders', ARRAY['(0,1)']::tid[]) $$;
-- attack
SELECT kill();

--- sampled_values: what ANALYZE has kept
-- needs ADMIN on database
-- setup
ANALYZE orders;
-- attack
SELECT most_common_vals FROM pg_stats WHERE tablename = 'orders';

--- sampled_pairs: what it has kept of a statistics object
-- as owner
-- needs ADMIN on database
-- setup
CREATE STATISTICS pair ON status, card FROM orders;
ANALYZE orders;
-- attack
SELECT most_common_vals FROM pg_stats_ext WHERE tablename = 'orders';

--- decoded_changes: what a slot decodes of others' writes
-- as temp
-- needs ADMIN on database
-- setup
CREATE ROLE temp LOGIN REPLICATION;
-- attack
SELECT 1 FROM pg_create_logical_replication_slot('changes', 'test_decoding', true);
\! psql -Xq -U dba -c "UPDATE orders SET status = status WHERE id = 1"
SELECT data FROM pg_logical_slot_get_changes('changes', NULL, NULL);

--- copied_from_file: a file that becomes rows
-- needs ADMIN on database
-- shows ^IN THE FILE$
-- setup
GRANT pg_read_server_files TO clerk;
-- attack
\set file :files '/in'
\setenv file :file
\! echo 'in the file' > "$file"
CREATE TEMPORARY TABLE lines (line text);
COPY lines FROM :'file';
SELECT upper(line) FROM lines;

--- published: a publication of the table
-- as owner
-- needs ADMIN on database
-- attack
CREATE PUBLICATION news FOR TABLE orders;
