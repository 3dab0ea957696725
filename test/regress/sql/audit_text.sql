-- The text that the audit keeps is the client's own statement, bounded; its digest is over all of it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int, b text);
GRANT ALL ON ledger TO PUBLIC;
CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM ledger /* inner */); END $$;
SELECT warrant.protect('ledger');
-- The new rows that have a digest, with their texts; whether the digest is that of the text.
CREATE FUNCTION texts(OUT event text, OUT command text, OUT statement text, OUT whole boolean) RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    seen bigint := (SELECT seq FROM stage.mark);
BEGIN
    PERFORM stage.settle();
    UPDATE stage.mark SET seq = (SELECT coalesce(max(l.seq), 0) FROM warrant.audit_log l);
    RETURN QUERY SELECT l.event, l.command, t.statement, l.statement_sha256 = sha256(convert_to(t.statement, 'UTF8'))
      FROM warrant.audit_log l LEFT JOIN warrant.audit_text t USING (seq) WHERE l.seq > seen AND l.event IN ('allowed', 'refused') ORDER BY l.seq;
END;
$$;
-- The last row's digest and text, compared with a statement.
CREATE FUNCTION last_is(statement text, OUT digest boolean, OUT begins boolean, OUT bytes integer) LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM stage.settle();
    SELECT l.statement_sha256 = sha256(convert_to(last_is.statement, 'UTF8')), starts_with(last_is.statement, t.statement), octet_length(t.statement)
      INTO digest, begins, bytes FROM warrant.audit_log l JOIN warrant.audit_text t USING (seq) WHERE l.event IN ('allowed', 'refused') ORDER BY seq DESC LIMIT 1;
END;
$$;
\c - regress_clerk
SELECT * FROM ledger;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{READ,WRITE}', on_table => 'ledger');
\c - regress_clerk
SELECT count(*) FROM texts();

-- Quotes, backslashes, newlines, comments, and what stands around the statement.
SELECT 'it''s', E'a\\b', "b", $q$ "quoted" $q$ FROM ledger;
   SELECT a    -- spaces stay
     FROM ledger
	/* and tabs; */ WHERE b = 'two
lines'   ;
SELECT '☃ é 漢字 😀' FROM ledger;
SELECT * FROM texts();

-- Several in one string: each has its own row and its own text, the unprotected ones none.
SELECT 1 AS one\; INSERT INTO ledger VALUES (1, 'x;y')\; SELECT count(*) FROM ledger\; ;
BEGIN\; DELETE FROM ledger WHERE a < 0\; SELECT 2 AS two\; UPDATE ledger SET a = a WHERE a > 0\; COMMIT;
SELECT count(*) FROM ledger\; SELECT warrant.approve(99)\; SELECT count(*) FROM ledger;
SELECT * FROM texts();

-- Nested: the text is the client's, not that of the function.
SELECT counted();
DO $$ BEGIN PERFORM counted(); PERFORM FROM ledger; END $$;
PREPARE saved(int) AS SELECT count(*) FROM ledger WHERE a = $1;
EXECUTE saved(1);
BEGIN;
DECLARE c CURSOR FOR SELECT a FROM ledger;
FETCH c;
COMMIT;
COPY ledger (a) FROM stdin;
2
\.
EXPLAIN (COSTS OFF) SELECT * FROM ledger;
TRUNCATE ledger;
SELECT * FROM texts();

-- A statement of 1 MB, allowed and refused: cut text, digest over all.
SELECT 'SELECT count(*) FROM ledger WHERE b <> ''' || repeat('x', 1000000) || '''' AS large \gset
:large;
SELECT * FROM last_is(:'large');
SELECT 'TRUNCATE ledger -- ' || repeat('y', 1000000) AS large \gset
:large
;
SELECT digest, begins, bytes FROM last_is(:'large');
-- The cut is between two characters.
SELECT 'SELECT count(*) FROM ledger WHERE b <> ''' || repeat(c, 6000) || '''' AS large1, 'SELECT count(*)  FROM ledger WHERE b <> ''' || repeat(c, 6000) || '''' AS large2,
    'SELECT  count(*)  FROM ledger WHERE b <> ''' || repeat(c, 6000) || '''' AS large3 FROM (VALUES ('漢')) AS t (c) \gset
:large1;
SELECT * FROM last_is(:'large1');
:large2;
SELECT * FROM last_is(:'large2');
:large3;
SELECT * FROM last_is(:'large3');
-- The HMAC in the sealed row is over the text that is kept, keyed with its salt; every salt is another.
\c - :owner
SELECT count(*) > 20 AS many, count(DISTINCT t.salt) = count(*) AS salted, count(*) FILTER (WHERE l.statement_hmac IS DISTINCT FROM warrant_internal.text_hmac(t.salt, t.statement)) AS wrong
  FROM warrant.audit_text t JOIN warrant.audit_log l USING (seq);
SELECT warrant_internal.text_hmac('key', 'The quick brown fox jumps over the lazy dog');

-- Of commands that hold passwords by their nature no literal is kept, be it in a block; nor what a setting is set to.
SET client_min_messages = error;
CREATE FUNCTION exempt_texts(OUT command text, OUT statement text, OUT whole boolean) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    seen bigint := (SELECT seq FROM stage.mark);
BEGIN
    PERFORM stage.settle();
    UPDATE stage.mark SET seq = (SELECT coalesce(max(l.seq), 0) FROM warrant.audit_log l);
    RETURN QUERY SELECT l.command, t.statement, l.statement_sha256 = sha256(convert_to(t.statement, 'UTF8'))
      FROM warrant.audit_log l JOIN warrant.audit_text t USING (seq) WHERE l.seq > seen AND l.event = 'exempt' ORDER BY l.seq;
END;
$$;
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER here FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE far (a int) SERVER here;
SELECT warrant.protect('far');
SELECT count(*) > 0 AS some FROM exempt_texts();
CREATE SUBSCRIPTION s CONNECTION 'host=x password=topsecret' PUBLICATION p WITH (connect = false, slot_name = NONE);
ALTER SUBSCRIPTION s CONNECTION /* topsecret */ E'host=it\'s password=topsecret'
    'more';
DROP SUBSCRIPTION s;
ALTER FOREIGN TABLE far OPTIONS (ADD password 'topsecret');
ALTER SERVER here OPTIONS (ADD password $tag$topsecret$tag$);
COPY ledger TO PROGRAM 'cat >/dev/null # topsecret';
CREATE TRIGGER told AFTER UPDATE ON ledger EXECUTE FUNCTION told('password=topsecret');
ALTER ROLE regress_other PASSWORD 'topsecret'\; SELECT 'kept' FROM ledger;
DO $$ BEGIN PERFORM FROM ledger; ALTER ROLE regress_other PASSWORD 'topsecret'; END $$;
DO $$ DECLARE word text := 'topsecret'; BEGIN EXECUTE format('ALTER ROLE regress_other PASSWORD %L', word); PERFORM FROM ledger; END $$;
DO $$ BEGIN SET LOCAL my.key = topsecret; PERFORM FROM ledger; END $$;
DO $$ BEGIN EXECUTE 'SET my.key TO ''topsecret'''; PERFORM FROM ledger; END $$;
DO 'BEGIN PERFORM FROM ledger; EXECUTE ''ALTER ROLE regress_other SET my.key = topsecret''; END';
DO $$ BEGIN SET LOCAL work_mem = '64kB'; UPDATE ledger SET b = 'kept -- $1' WHERE a = 0; END $$;
SELECT * FROM exempt_texts();
SELECT count(*) AS secrets FROM warrant.audit_text WHERE statement LIKE '%top' || 'secret%';
RESET client_min_messages;
\set file :directory '/sql/include/leave.sql'
\i :file
