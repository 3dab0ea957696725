-- The shop as it is before each try. Whatever the try before made is gone.
SET client_min_messages = error;
DROP DATABASE IF EXISTS copy WITH (FORCE);
BEGIN;
DO $$
DECLARE
    command text;
BEGIN
    FOR command IN
        WITH gate AS (SELECT FROM pg_extension WHERE extname = 'pg_warrant')
        SELECT format('DROP EVENT TRIGGER %I', evtname) FROM pg_event_trigger
        UNION ALL SELECT format('DROP PUBLICATION %I', pubname) FROM pg_publication
        UNION ALL SELECT format('DROP EXTENSION %I CASCADE', extname) FROM pg_extension WHERE extname NOT IN ('plpgsql', 'pg_warrant')
        UNION ALL SELECT format('DROP SERVER IF EXISTS %I CASCADE', srvname) FROM pg_foreign_server
        UNION ALL SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
         WHERE nspname !~ '^(pg_.*|information_schema|judge|public)$' AND (nspname NOT IN ('warrant', 'warrant_internal') OR NOT EXISTS (SELECT FROM gate))
        UNION ALL SELECT format('SELECT lo_unlink(%s)', oid) FROM pg_largeobject_metadata
        UNION ALL SELECT format('REVOKE %I FROM %I', roleid::regrole::name, member::regrole::name) FROM pg_auth_members
         WHERE member IN (SELECT oid FROM pg_roles WHERE rolname IN ('owner', 'clerk', 'helper'))
        UNION ALL SELECT format('DROP OWNED BY %I CASCADE', rolname) FROM pg_roles
         WHERE oid >= 16384 AND rolname NOT IN ('dba', 'boss') AND (rolname !~ '^warrant_' OR NOT EXISTS (SELECT FROM gate))
        UNION ALL SELECT format('DROP ROLE %I', rolname) FROM pg_roles
         WHERE oid >= 16384 AND rolname NOT IN ('dba', 'owner', 'clerk', 'helper', 'boss')
           AND (rolname !~ '^warrant_' OR NOT EXISTS (SELECT FROM gate))
        UNION ALL SELECT format('ALTER ROLE %s RESET ALL', setrole::regrole) FROM pg_db_role_setting WHERE setrole <> 0
    LOOP
        EXECUTE command;
    END LOOP;
END;
$$;

CREATE SCHEMA shop AUTHORIZATION owner;
CREATE SCHEMA desk AUTHORIZATION clerk;
GRANT USAGE ON SCHEMA shop, desk TO PUBLIC;
GRANT CREATE ON DATABASE market TO owner;
ALTER DEFAULT PRIVILEGES FOR ROLE dba, owner GRANT ALL ON TABLES TO clerk;
ALTER DEFAULT PRIVILEGES FOR ROLE dba, owner GRANT ALL ON SEQUENCES TO clerk;

-- orders holds the secret. notes and customers are for everybody; order_lines and payments are protected where a vector says so.
SET ROLE owner;
CREATE TABLE customers (id int PRIMARY KEY, name text);
INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace');
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE ON UPDATE CASCADE, status text, card text);
INSERT INTO orders SELECT g, 1, 'new', :'secret' FROM generate_series(1, 3) AS g;
CREATE TABLE order_lines (order_id int REFERENCES orders ON DELETE CASCADE, article text);
INSERT INTO order_lines VALUES (1, 'pen'), (2, 'ink');
CREATE TABLE payments (day date, card text) PARTITION BY RANGE (day);
CREATE TABLE payments_old PARTITION OF payments FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE payments_new PARTITION OF payments FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
INSERT INTO payments VALUES ('2025-06-01', :'secret'), ('2026-06-01', :'secret');
CREATE TABLE notes (id int PRIMARY KEY, note text);
INSERT INTO notes VALUES (1, 'water the plants'), (2, 'buy ink');
RESET ROLE;
COMMIT;
RESET client_min_messages;
