# The name that a statement gives leads to a protected relation from the moment after the decision: the statement does what was decided on, or fails.
# Every command that takes a name is tried with every change. Needs the wait points of a build with the switches of test/mutants.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../t";
use IPC::Open2;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $secret = '4929158077310042';

# What each schema has, where the statement speaks of it; those of schema shop hold the secret.
my @scene = (
	[ qr/./, <<'SQL' ],
CREATE FUNCTION SCHEMA.fn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE SCHEMA.t (id int PRIMARY KEY, note text, CONSTRAINT positive CHECK (id > 0) NOT VALID);
INSERT INTO SCHEMA.t VALUES (1, 'NOTE'), (2, 'NOTE');
CREATE INDEX t_note ON SCHEMA.t (note);
CREATE TRIGGER tr BEFORE UPDATE ON SCHEMA.t FOR EACH ROW EXECUTE FUNCTION SCHEMA.fn();
CREATE RULE ru AS ON DELETE TO SCHEMA.t WHERE OLD.id < 0 DO INSTEAD NOTHING;
CREATE POLICY po ON SCHEMA.t USING (id > 0);
SQL
	[ qr/\bst\b/, "CREATE STATISTICS SCHEMA.st ON id, note FROM SCHEMA.t;\n" ],
	[ qr/\bchild\b/, "CREATE TABLE SCHEMA.child () INHERITS (SCHEMA.t);\n" ],
	[ qr/\bv\b/, "CREATE VIEW SCHEMA.v AS SELECT 1 AS id;\n" ],
	[ qr/\bm\b/, "CREATE MATERIALIZED VIEW SCHEMA.m AS SELECT 1 AS id;\nCREATE UNIQUE INDEX m_id ON SCHEMA.m (id);\n" ],
	[ qr/\bf\b|server/, qq{CREATE SERVER "SCHEMA.server" FOREIGN DATA WRAPPER nowhere;\nCREATE FOREIGN TABLE SCHEMA.f (id int) SERVER "SCHEMA.server";\n} ],
	[ qr/\b(p|p1|other)\b/, <<'SQL' ],
CREATE TABLE SCHEMA.other (id int NOT NULL DEFAULT 1, note text);
INSERT INTO SCHEMA.other VALUES (2, 'NOTE');
CREATE TABLE SCHEMA.p (id int, note text) PARTITION BY LIST (id);
CREATE TABLE SCHEMA.p1 PARTITION OF SCHEMA.p FOR VALUES IN (1);
SQL
	[ qr/\b(mood|word)\b/, <<'SQL' ],
CREATE TYPE SCHEMA.mood AS ENUM ('low', 'high');
CREATE DOMAIN SCHEMA.word AS text;
CREATE TABLE SCHEMA.e (id int, mood SCHEMA.mood, word SCHEMA.word);
SQL
	[ qr/\bq\b/, "CREATE SEQUENCE SCHEMA.q;\nCREATE TABLE SCHEMA.numbered (id int DEFAULT nextval('SCHEMA.q'));\n" ],
);

# How the name of one of them comes to lead to the protected one.
my %swaps = (
	shadowed => 'ALTER KIND shop.NAME SET SCHEMA first',
	dropped => 'DROP KIND here.NAME CASCADE',
	renamed => join(' ', 'ALTER KIND here.NAME RENAME TO before;', (map { "ALTER INDEX IF EXISTS here.$_ RENAME TO before_$_;" } qw(t_pkey t_note m_id)),
		'ALTER KIND shop.NAME SET SCHEMA here'),
	replaced => 'DROP KIND here.NAME CASCADE; ALTER KIND shop.NAME SET SCHEMA here',
	schema => 'ALTER SCHEMA here RENAME TO gone; ALTER SCHEMA shop RENAME TO here',
);
# Those that no lock of the statement can keep from happening.
my %unstoppable = map { $_ => 1 } qw(shadowed schema);

my %kinds = (
	table => 'TABLE', view => 'VIEW', matview => 'MATERIALIZED VIEW', foreign => 'FOREIGN TABLE', statistics => 'STATISTICS', type => 'TYPE',
	domain => 'DOMAIN', function => 'FUNCTION', sequence => 'SEQUENCE',
);

# Each: its tag, what it is after (table t when nothing is said), the statement. "alone": in no transaction block. "fails": by itself, too.
# "only": with this change alone. "in_schema": the schema is protected. "at": where it is held, when that is not after the decision on the command.
my @tries;
my $rows = "$PostgreSQL::Test::Utils::tmp_check/rows";
append_to_file($rows, "9\tx\n");
sub try_as { my ($tag, $sql, %more) = @_; push @tries, { tag => $tag, sql => $sql, kind => 'table', name => 't', at => $tag, %more, planned => ($more{at} // '') =~ /^[a-z]/ ? 1 : 0 }; }

try_as('COPY', 'COPY t TO STDOUT');
try_as('COPY', 'COPY (SELECT * FROM t) TO STDOUT');
try_as('COPY FROM', "\\copy t (id, note) FROM '$rows'\n", at => 'COPY');
try_as('TRUNCATE TABLE', 'TRUNCATE t');
try_as('TRUNCATE TABLE', 'TRUNCATE t CASCADE');
try_as('TRUNCATE TABLE', 'TRUNCATE ONLY t');
try_as('LOCK TABLE', 'LOCK t');
try_as('LOCK TABLE', 'LOCK t IN ACCESS SHARE MODE');
try_as('LOCK TABLE', 'LOCK v', kind => 'view', name => 'v');
try_as('VACUUM', 'VACUUM t', alone => 1);
try_as('VACUUM', 'VACUUM FULL t', alone => 1);
try_as('VACUUM', 'VACUUM p', alone => 1, name => 'p');
try_as('ANALYZE', 'ANALYZE t');
try_as('ANALYZE', 'ANALYZE p', name => 'p');
try_as('CLUSTER', 'CLUSTER t USING t_note');
try_as('REINDEX', 'REINDEX TABLE t');
try_as('REINDEX', 'REINDEX INDEX t_note');
try_as('REINDEX', 'REINDEX TABLE CONCURRENTLY t', alone => 1);
try_as('REFRESH MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW m', kind => 'matview', name => 'm');
try_as('REFRESH MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW CONCURRENTLY m', kind => 'matview', name => 'm');

try_as('ALTER TABLE', "ALTER TABLE t $_")
  for 'ADD COLUMN x int', 'DROP COLUMN note', 'DROP COLUMN note CASCADE', 'ALTER note SET DEFAULT 1', 'ALTER note TYPE varchar', 'ADD CHECK (id > 0)',
  'ADD CONSTRAINT u UNIQUE (note, id)', 'DROP CONSTRAINT positive', 'VALIDATE CONSTRAINT positive', 'SET (fillfactor = 50)', 'ENABLE ROW LEVEL SECURITY',
  'FORCE ROW LEVEL SECURITY', 'DISABLE TRIGGER tr', 'DISABLE RULE ru', 'CLUSTER ON t_note', 'SET WITHOUT CLUSTER', 'REPLICA IDENTITY FULL',
  'OWNER TO helper', 'RENAME TO u', 'RENAME note TO x', 'RENAME CONSTRAINT positive TO x', 'SET SCHEMA off', 'SET UNLOGGED', 'ALTER note SET STATISTICS 5',
  'ALTER note SET STORAGE plain', 'ALTER note SET NOT NULL', 'ADD FOREIGN KEY (id) REFERENCES other_key';
try_as('ALTER TABLE', 'ALTER TABLE IF EXISTS t ADD COLUMN x int');
try_as('ALTER TABLE', 'ALTER TABLE here.t ADD COLUMN x int');
try_as('ALTER TABLE', 'ALTER TABLE child NO INHERIT t');
try_as('ALTER TABLE', 'ALTER TABLE loose INHERIT t');
try_as('ALTER TABLE', 'ALTER TABLE loose ADD FOREIGN KEY (id) REFERENCES t');
try_as('ALTER TABLE', 'ALTER TABLE loose ADD COLUMN r int REFERENCES t');
try_as('ALTER TABLE', 'ALTER TABLE p ATTACH PARTITION other FOR VALUES IN (2)', name => 'other');
try_as('ALTER TABLE', 'ALTER TABLE p ATTACH PARTITION loose FOR VALUES IN (2)', name => 'p');
try_as('ALTER TABLE', 'ALTER TABLE p DETACH PARTITION p1', name => 'p1');
try_as('ALTER TABLE', 'ALTER TABLE p DETACH PARTITION p1', name => 'p');
try_as('ALTER FOREIGN TABLE', 'ALTER FOREIGN TABLE f ADD x int', kind => 'foreign', name => 'f');
try_as('ALTER FOREIGN TABLE', 'ALTER FOREIGN TABLE f RENAME TO g', kind => 'foreign', name => 'f');
try_as('ALTER INDEX', "ALTER INDEX t_note $_") for 'RENAME TO x', 'SET (fillfactor = 50)';
try_as('ALTER VIEW', "ALTER VIEW v $_", kind => 'view', name => 'v')
  for 'RENAME TO x', 'ALTER id SET DEFAULT 1', 'SET (security_barrier)', 'SET SCHEMA off', 'OWNER TO helper';
try_as('ALTER MATERIALIZED VIEW', "ALTER MATERIALIZED VIEW m $_", kind => 'matview', name => 'm') for 'RENAME TO x', 'SET (fillfactor = 50)', 'CLUSTER ON m_id';
try_as('ALTER SEQUENCE', 'ALTER SEQUENCE t INCREMENT 2', fails => 1);
try_as('ALTER POLICY', 'ALTER POLICY po ON t USING (true)');
try_as('ALTER POLICY', 'ALTER POLICY po ON t RENAME TO x');
try_as('ALTER RULE', 'ALTER RULE ru ON t RENAME TO x');
try_as('ALTER TRIGGER', 'ALTER TRIGGER tr ON t RENAME TO x');
try_as('ALTER STATISTICS', "ALTER STATISTICS st $_", kind => 'statistics', name => 'st') for 'SET STATISTICS 5', 'RENAME TO x';
try_as('ALTER TYPE', "ALTER TYPE mood RENAME VALUE 'low' TO 'high up'", kind => 'type', name => 'mood');
try_as('ALTER DOMAIN', "ALTER DOMAIN word $_", kind => 'domain', name => 'word') for "ADD CHECK (VALUE <> 'x')", 'SET NOT NULL', "SET DEFAULT 'x'";
try_as('ALTER FUNCTION', 'ALTER FUNCTION fn() SECURITY DEFINER', kind => 'function', name => 'fn');

try_as('CREATE TABLE', 'CREATE TABLE x () INHERITS (t)');
try_as('CREATE TABLE', 'CREATE TABLE x PARTITION OF p FOR VALUES IN (2)', name => 'p');
try_as('CREATE TABLE', 'CREATE TABLE x (id int REFERENCES t)');
try_as('CREATE TABLE', 'CREATE TABLE x (id int REFERENCES t)', at => 'ALTER TABLE');
try_as('CREATE TABLE', 'CREATE TABLE x (id int, FOREIGN KEY (id) REFERENCES t)', at => 'ALTER TABLE');
try_as('CREATE TABLE', 'CREATE TABLE x (LIKE t INCLUDING ALL)');
try_as('CREATE TABLE', 'CREATE TABLE here.x (id int)', in_schema => 1);
try_as('CREATE FOREIGN TABLE', 'CREATE FOREIGN TABLE x () INHERITS (t) SERVER "here.server"');
try_as('CREATE FOREIGN TABLE', 'CREATE FOREIGN TABLE here.x (id int) SERVER "here.server"', in_schema => 1);
try_as('CREATE TABLE AS', 'CREATE TABLE here.x AS SELECT 1 AS id', in_schema => 1);
try_as('SELECT INTO', 'SELECT 1 AS id INTO here.x', in_schema => 1);
try_as('CREATE MATERIALIZED VIEW', 'CREATE MATERIALIZED VIEW here.x AS SELECT 1 AS id', in_schema => 1);
try_as('EXPLAIN', 'EXPLAIN ANALYZE CREATE TABLE here.x AS SELECT 1 AS id', in_schema => 1);
try_as('CREATE INDEX', 'CREATE INDEX ON t (note)');
try_as('CREATE INDEX', 'CREATE INDEX ON t (lower(note)) WHERE id > 0');
try_as('CREATE INDEX', 'CREATE INDEX CONCURRENTLY ON t (note)', alone => 1);
try_as('CREATE VIEW', 'CREATE OR REPLACE VIEW v AS SELECT 2 AS id', kind => 'view', name => 'v');
try_as('CREATE VIEW', 'CREATE OR REPLACE VIEW here.v AS SELECT 2 AS id', kind => 'view', name => 'v');
try_as('CREATE VIEW', 'CREATE VIEW here.x AS SELECT 2 AS id', in_schema => 1);
try_as('CREATE TRIGGER', 'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION fn()');
try_as('CREATE TRIGGER', 'CREATE CONSTRAINT TRIGGER x AFTER INSERT ON loose FROM t FOR EACH ROW EXECUTE FUNCTION fn()');
try_as('CREATE RULE', 'CREATE RULE x AS ON INSERT TO t DO ALSO NOTHING');
try_as('CREATE POLICY', 'CREATE POLICY x ON t USING (true)');
try_as('CREATE STATISTICS', 'CREATE STATISTICS x ON id, note FROM t');
try_as('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION fn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$', kind => 'function', name => 'fn');
try_as('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION here.fn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$',
	kind => 'function', name => 'fn');
try_as('CREATE PUBLICATION', 'CREATE PUBLICATION x FOR TABLE t');
try_as('ALTER PUBLICATION', "ALTER PUBLICATION news $_ TABLE t") for 'ADD', 'SET';
try_as('ALTER SCHEMA', 'ALTER SCHEMA here RENAME TO x');
try_as('ALTER EXTENSION', 'ALTER EXTENSION plpgsql ADD TABLE t');
try_as('COMMENT', "COMMENT ON $_ IS 'x'")
  for 'TABLE t', 'COLUMN t.note', 'TRIGGER tr ON t', 'RULE ru ON t', 'POLICY po ON t', 'CONSTRAINT positive ON t', 'INDEX t_note';
try_as('COMMENT', "COMMENT ON VIEW v IS 'x'", kind => 'view', name => 'v');
try_as('COMMENT', "COMMENT ON STATISTICS st IS 'x'", kind => 'statistics', name => 'st');
try_as('GRANT', 'GRANT SELECT ON t TO helper');
try_as('GRANT', 'GRANT SELECT (note) ON t TO helper');
try_as('GRANT', 'GRANT SELECT ON ALL TABLES IN SCHEMA here TO helper', only => 'schema');
try_as('REVOKE', 'REVOKE ALL ON t FROM helper');
try_as('DROP TABLE', 'DROP TABLE t CASCADE');
try_as('DROP TABLE', 'DROP TABLE IF EXISTS t CASCADE');
try_as('DROP VIEW', 'DROP VIEW v', kind => 'view', name => 'v');
try_as('DROP MATERIALIZED VIEW', 'DROP MATERIALIZED VIEW m', kind => 'matview', name => 'm');
try_as('DROP FOREIGN TABLE', 'DROP FOREIGN TABLE f', kind => 'foreign', name => 'f');
try_as('DROP INDEX', 'DROP INDEX t_note');
try_as('DROP INDEX', 'DROP INDEX CONCURRENTLY t_note', alone => 1);
try_as('DROP TRIGGER', 'DROP TRIGGER tr ON t');
try_as('DROP RULE', 'DROP RULE ru ON t');
try_as('DROP POLICY', 'DROP POLICY po ON t');
try_as('DROP STATISTICS', 'DROP STATISTICS st', kind => 'statistics', name => 'st');
try_as('DROP FUNCTION', 'DROP FUNCTION fn() CASCADE', kind => 'function', name => 'fn');
try_as('DROP ROUTINE', 'DROP ROUTINE fn() CASCADE', kind => 'function', name => 'fn');
try_as('DROP TYPE', 'DROP TYPE mood CASCADE', kind => 'type', name => 'mood');
try_as('DROP DOMAIN', 'DROP DOMAIN word CASCADE', kind => 'domain', name => 'word');
try_as('DROP SEQUENCE', 'DROP SEQUENCE q CASCADE', kind => 'sequence', name => 'q');
try_as('DROP SCHEMA', 'DROP SCHEMA here CASCADE', only => 'schema', locks_schema => 1);

# Planned statements are decided twice; held at each step.
for my $at (qw(analysed planning starting))
{
	try_as('SELECT', 'TABLE t', at => $at);
	try_as('SELECT FOR UPDATE', 'SELECT * FROM t FOR UPDATE', at => $at);
	try_as('INSERT', "INSERT INTO t VALUES (9, 'x')", at => $at);
	try_as('UPDATE', "UPDATE t SET note = 'x'", at => $at);
	try_as('DELETE', 'DELETE FROM t', at => $at);
	try_as('MERGE', "MERGE INTO other USING (SELECT 2 AS id) AS s ON other.id = s.id WHEN MATCHED THEN UPDATE SET note = 'x'", at => $at, name => 'other');
	try_as('DECLARE CURSOR', 'DECLARE c CURSOR FOR TABLE t; FETCH ALL FROM c', at => $at);
	try_as('EXPLAIN', 'EXPLAIN ANALYZE TABLE t', at => $at);
	try_as('CREATE TABLE AS', 'CREATE TABLE off.x AS TABLE t; TABLE off.x', at => $at);
	try_as('COPY', 'COPY (TABLE t) TO STDOUT', at => $at);
	try_as('DO', 'DO $$ BEGIN RAISE NOTICE $a$%$a$, (SELECT max(note) FROM t); END $$', at => $at);
	try_as('CALL', 'CALL off.note_of_t()', at => $at);
	try_as('EXECUTE', 'EXECUTE known', at => $at, before => 'PREPARE known AS TABLE t; EXECUTE known; EXECUTE known') if $at eq 'starting';
	try_as('SELECT', 'SELECT off.cached_note_of_t()', at => $at, before => 'SELECT off.cached_note_of_t(), off.cached_note_of_t()');
	try_as('SELECT', 'TABLE p', at => $at, only => 'attached', name => 'p');
	try_as('INSERT', "INSERT INTO p VALUES (2, 'x')", at => $at, only => 'attached', name => 'p', fails => 1);
}

# What of warrant.commands takes no name of what could be a relation, or of what relations use.
my %nameless = (
	'FETCH' => 'the name of a cursor', 'SELECT FOR KEY SHARE' => 'as FOR UPDATE', 'SELECT FOR NO KEY UPDATE' => 'as FOR UPDATE', 'SELECT FOR SHARE' => 'as FOR UPDATE',
	'ALTER PROCEDURE' => 'as ALTER FUNCTION', 'ALTER ROUTINE' => 'as ALTER FUNCTION', 'CREATE PROCEDURE' => 'as CREATE FUNCTION; nothing stored calls it',
	'CREATE ROUTINE' => 'no statement', 'DROP PROCEDURE' => 'as DROP FUNCTION', 'DROP CONSTRAINT' => 'no statement',
	'ALTER SERVER' => 'the name of a server', 'DROP SERVER' => 'the name of a server', 'DROP OWNED' => 'the name of a role',
	'REASSIGN OWNED' => 'the name of a role', 'SECURITY LABEL' => 'as COMMENT; needs a provider', 'LOAD' => 'the name of a file',
	'CREATE SUBSCRIPTION' => 'needs ADMIN', 'ALTER SUBSCRIPTION' => 'needs ADMIN', 'CREATE EVENT TRIGGER' => 'needs ADMIN', 'ALTER EVENT TRIGGER' => 'needs ADMIN',
	'DROP EVENT TRIGGER' => 'needs ADMIN', 'DROP EXTENSION' => 'the name of an extension',
	(map { ($_ => 'what it changes is met when it is changed') } 'CREATE AGGREGATE', 'ALTER TEXT SEARCH CONFIGURATION', 'ALTER TEXT SEARCH DICTIONARY'),
	map { ("DROP $_" => 'what it drops is met again when it goes') } 'ACCESS METHOD', 'AGGREGATE', 'CAST', 'COLLATION', 'CONVERSION',
	'FOREIGN DATA WRAPPER', 'LANGUAGE', 'OPERATOR', 'OPERATOR CLASS', 'OPERATOR FAMILY', 'PUBLICATION', 'TEXT SEARCH CONFIGURATION',
	'TEXT SEARCH DICTIONARY', 'TEXT SEARCH PARSER', 'TEXT SEARCH TEMPLATE', 'TRANSFORM',
);

my $node = GatedServer->running('names_swapped', "log_statement = none", "wal_level = logical", "pg_warrant.max_pending = 100000");

# --- sessions ---

my $asked = 0;

# psql behind a pipe, with its errors among its output.
sub session
{
	my ($role) = @_;
	my $pid = open2(my $out, my $in, join(' ', 'exec psql -XAtq -v VERBOSITY=verbose', '-h', $node->host, '-p', $node->port, '-U', $role, '-d postgres 2>&1'));
	$in->autoflush(1);
	return { in => $in, out => $out, pid => $pid };
}

sub send_to { my ($session, $sql) = @_; print { $session->{in} } "$sql\n;\n\\echo end ${\ ++$asked}\n"; $session->{waiting} = $asked; }

sub answer_of
{
	my ($session) = @_;
	my $answer = '';
	local $SIG{ALRM} = sub { die "no answer: $answer" };
	alarm $GatedServer::patience_s;
	while (defined(my $line = readline $session->{out}))
	{
		alarm 0, return $answer if $line eq "end $session->{waiting}\n";
		$answer .= $line;
	}
	die "the session is over: $answer";
}

sub ask { my ($session, $sql) = @_; send_to($session, $sql); return answer_of($session); }

my ($dba, $clerk) = map { session('dba') } 1, 2;
ask($clerk, 'SET search_path = first, here, shop');

ask($dba, <<'SQL');
CREATE ROLE helper;
GRANT helper TO clerk;
GRANT CREATE ON DATABASE postgres TO clerk;
CREATE FOREIGN DATA WRAPPER nowhere;
GRANT USAGE ON FOREIGN DATA WRAPPER nowhere TO clerk;
SET allow_system_table_mods = on;
UPDATE pg_extension SET extowner = 'clerk'::regrole WHERE extname = 'plpgsql';
CREATE SCHEMA judge;
CREATE TABLE judge.watched (relation oid, schema oid);
-- All about the protected relations that a statement could change.
CREATE FUNCTION judge.facts() RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    family oid[] := ARRAY(SELECT relation FROM judge.watched);
    r record;
    digest text;
BEGIN
    FOR r IN SELECT c.oid, n.nspname, c.relname, c.relkind, c AS class FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY (family) LOOP
        RETURN NEXT 'class ' || r.class;
        IF r.relkind IN ('r', 'p', 'm') THEN
            EXECUTE format('SELECT md5(string_agg(t::text, '''' ORDER BY t::text)) FROM ONLY %I.%I AS t', r.nspname, r.relname) INTO digest;
            RETURN NEXT 'rows of ' || r.oid || ': ' || coalesce(digest, '');
        END IF;
    END LOOP;
    RETURN QUERY SELECT 'column ' || a::text FROM pg_attribute a WHERE a.attrelid = ANY (family)
        UNION ALL SELECT 'default ' || d::text FROM pg_attrdef d WHERE d.adrelid = ANY (family)
        UNION ALL SELECT 'constraint ' || c::text FROM pg_constraint c WHERE c.conrelid = ANY (family) OR c.confrelid = ANY (family)
        UNION ALL SELECT 'constraint of a domain ' || c::text FROM pg_constraint c JOIN pg_attribute a ON a.atttypid = c.contypid WHERE a.attrelid = ANY (family)
        UNION ALL SELECT 'trigger ' || t::text FROM pg_trigger t WHERE t.tgrelid = ANY (family) OR t.tgconstrrelid = ANY (family)
        UNION ALL SELECT 'function ' || p::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = ANY (family)
        UNION ALL SELECT 'rule ' || w::text FROM pg_rewrite w WHERE w.ev_class = ANY (family)
        UNION ALL SELECT 'row policy ' || p::text FROM pg_policy p WHERE p.polrelid = ANY (family)
        UNION ALL SELECT 'index ' || i::text || c::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ANY (family)
        UNION ALL SELECT 'child ' || i::text FROM pg_inherits i WHERE i.inhrelid = ANY (family) OR i.inhparent = ANY (family)
        UNION ALL SELECT 'statistics object ' || s::text FROM pg_statistic_ext s WHERE s.stxrelid = ANY (family)
        UNION ALL SELECT 'statistics ' || md5(s::text) FROM pg_statistic s WHERE s.starelid = ANY (family)
        UNION ALL SELECT 'comment ' || d::text FROM pg_description d WHERE d.objoid = ANY (family)
            OR d.objoid IN (SELECT t.oid FROM pg_trigger t WHERE t.tgrelid = ANY (family) UNION ALL SELECT w.oid FROM pg_rewrite w WHERE w.ev_class = ANY (family)
                UNION ALL SELECT p.oid FROM pg_policy p WHERE p.polrelid = ANY (family) UNION ALL SELECT c.oid FROM pg_constraint c WHERE c.conrelid = ANY (family)
                UNION ALL SELECT s.oid FROM pg_statistic_ext s WHERE s.stxrelid = ANY (family) UNION ALL SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = ANY (family))
        UNION ALL SELECT 'label ' || e::text FROM pg_enum e JOIN pg_attribute a ON a.atttypid = e.enumtypid WHERE a.attrelid = ANY (family)
        UNION ALL SELECT 'type ' || t::text FROM pg_type t JOIN pg_attribute a ON a.atttypid = t.oid WHERE a.attrelid = ANY (family) AND t.oid > 16384
        UNION ALL SELECT 'published ' || p::text FROM pg_publication_rel p WHERE p.prrelid = ANY (family)
        UNION ALL SELECT 'member ' || d::text FROM pg_depend d WHERE d.objid = ANY (family) AND d.deptype = 'e'
        UNION ALL SELECT 'named ' || c.relname FROM pg_class c WHERE c.relnamespace = (SELECT max(schema) FROM judge.watched) AND c.relkind IN ('r', 'v', 'm', 'f', 'p');
END;
$$;
-- Whether the session has come to the place where it waits, or is done without.
CREATE FUNCTION judge.arrived(session int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..6000 LOOP
        IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND pid = session) THEN
            RETURN true;
        END IF;
        PERFORM pg_stat_clear_snapshot();
        IF EXISTS (SELECT FROM pg_stat_activity WHERE pid = session AND state LIKE 'idle%' AND query LIKE '%the_attack_is_over%') THEN
            RETURN false;
        END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE EXCEPTION 'the session neither waits nor ends';
END;
$$;
SET allow_system_table_mods = off;
SQL
my $clerk_pid = ask($clerk, 'SELECT pg_backend_pid()');
chomp $clerk_pid;

# --- one try ---

sub prepare
{
	my ($try) = @_;
	my $parts = join '', map { "$try->{sql} $try->{name}" =~ $_->[0] ? $_->[1] : '' } @scene;
	my $reset = join '', map { (my $sql = $parts) =~ s/SCHEMA/$_/g; my $note = $_ eq 'shop' ? $secret : 'innocent'; $sql =~ s/NOTE/$note/g; $sql } 'here', 'shop';
	my $errors = ask($dba, <<"SQL");
SET client_min_messages = error;
BEGIN;
DO \$\$
DECLARE command text;
BEGIN
    FOR command IN SELECT 'ALTER EXTENSION plpgsql DROP TABLE ' || objid::regclass FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass
            AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'plpgsql')
        UNION ALL SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE nspname IN ('first', 'here', 'off', 'shop', 'gone', 'x')
        UNION ALL SELECT format('DROP SERVER %I CASCADE', srvname) FROM pg_foreign_server
        UNION ALL SELECT format('DROP PUBLICATION %I', pubname) FROM pg_publication
        UNION ALL SELECT format('SELECT warrant.drop_policy(%L)', name) FROM warrant.policies WHERE target_kind <> '!' LOOP
        EXECUTE command;
    END LOOP;
END;
\$\$;
SET LOCAL ROLE clerk;
CREATE SCHEMA first; CREATE SCHEMA here; CREATE SCHEMA shop; CREATE SCHEMA off;
GRANT ALL ON SCHEMA here, shop TO helper;
$reset
CREATE TABLE here.other_key (id int PRIMARY KEY);
INSERT INTO here.other_key VALUES (1), (2);
CREATE TABLE here.loose (id int NOT NULL, note text, CONSTRAINT positive CHECK (id > 0));
CREATE PROCEDURE off.note_of_t() LANGUAGE plpgsql SET search_path = first, here, shop AS \$\$ BEGIN RAISE NOTICE '%', (SELECT max(note) FROM t); END \$\$;
CREATE FUNCTION off.cached_note_of_t() RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN RETURN (SELECT max(note) FROM t); END \$\$;
CREATE PUBLICATION news;
RESET ROLE;
TRUNCATE judge.watched;
INSERT INTO judge.watched SELECT oid, relnamespace FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'p');
COMMIT;
SQL
	die $errors if $errors =~ /ERROR/;
	ask($dba, $try->{in_schema} ? "SELECT warrant.protect_schema('shop')" : "SELECT warrant.protect('shop." . protected($try) . "')");
	return;
}

# What is protected, so that the statement after the change would need an approval.
sub protected
{
	my ($try) = @_;
	my %users = (type => 'e', domain => 'e', function => 't', sequence => 'numbered', statistics => 't');
	return $try->{only} && $try->{only} eq 'attached' ? 'other' : $users{ $try->{kind} } // $try->{name};
}

sub change
{
	my ($try, $swap) = @_;
	return 'ALTER TABLE here.p ATTACH PARTITION shop.other FOR VALUES IN (2)' if $swap eq 'attached';
	(my $sql = $swaps{$swap}) =~ s/\bNAME\b/$try->{name}/g;
	$sql =~ s/KIND/$kinds{ $try->{kind} }/g;
	return $sql;
}

# Returns what is wrong with it, and whether the change could be made.
sub fault
{
	my ($try, $swap) = @_;
	prepare($try);
	ask($clerk, join ";\n", 'SET client_min_messages = notice', 'SET SESSION AUTHORIZATION clerk', $try->{transaction} ? 'BEGIN' : (), $try->{before} // (),
		'RESET SESSION AUTHORIZATION', "SET pg_warrant.wait_point = '$try->{at}'", 'SET SESSION AUTHORIZATION clerk',
		$try->{alone} || $try->{transaction} ? () : 'BEGIN');
	ask($dba, 'SELECT pg_advisory_lock(1)');
	send_to($clerk, "$try->{sql};\nUNLISTEN the_attack_is_over");
	my $arrived = ask($dba, "SELECT judge.arrived($clerk_pid)") eq "t\n";
	my $made = '';
	$made = ask($dba, "BEGIN; SET LOCAL lock_timeout = '50ms';\n" . change($try, $swap)) if $swap ne 'calm';
	my $blocked = $made =~ /ERROR:  55P03/;
	die "$swap of $try->{name}: $made" if !$blocked && $made =~ /ERROR/;
	ask($dba, 'COMMIT');
	my $before = ask($dba, 'SELECT judge.facts() ORDER BY 1');
	ask($dba, 'SELECT pg_advisory_unlock(1)');
	my $answer = answer_of($clerk);
	my $weakest = $try->{tag} eq 'LOCK TABLE' ? '' : "AND l.mode <> 'AccessShareLock'";
	my $locks = ask($dba, "SELECT l.mode, c.relname FROM pg_locks l JOIN judge.watched w ON w.relation = l.relation JOIN pg_class c ON c.oid = l.relation WHERE l.pid = $clerk_pid $weakest");
	my $committed = ask($clerk, 'COMMIT');
	my $after = ask($dba, 'SELECT judge.facts() ORDER BY 1');
	ask($clerk, join ";\n", 'ROLLBACK', 'RESET SESSION AUTHORIZATION', 'RESET pg_warrant.wait_point', 'DEALLOCATE ALL');
	my @changes = difference($before, $after);
	my $fault = join "\n", !$arrived ? "it was not held: $answer" : (), $answer =~ /$secret/ ? 'the secret was shown' : (), $locks ? "locked: $locks" : (), @changes,
		$swap eq 'calm' && !$try->{fails} && $answer =~ /ERROR/ ? "it fails by itself: $answer" : ();
	$fault .= "\n$answer" if $ENV{WARRANT_TALK} && $fault;
	return ($fault, $blocked);
}

sub difference
{
	my ($before, $after) = @_;
	my %count;
	$count{$_}++ for split /\n/, $after;
	$count{$_}-- for split /\n/, $before;
	return map { ($count{$_} > 0 ? 'now: ' : 'before: ') . $_ } grep { $count{$_} } sort keys %count;
}

# --- all of them ---

my $blocked = 0;
for my $try (@tries)
{
	next if $ENV{WARRANT_ONLY} && "$try->{tag}: $try->{sql}" !~ /$ENV{WARRANT_ONLY}/;
	my @swaps = ('calm', $try->{only} // ($try->{in_schema} ? 'schema' : $try->{planned} ? sort keys %unstoppable : sort keys %swaps));
	my @faults;
	for my $swap (@swaps)
	{
		my ($fault, $was_blocked) = fault($try, $swap);
		push @faults, "$swap: $fault" if $fault;
		push @faults, "$swap: it could not be tried" if $was_blocked && $unstoppable{$swap} && !$try->{locks_schema};
		$blocked += $was_blocked;
	}
	ok(!@faults, "$try->{sql}" . ($try->{at} eq $try->{tag} ? '' : " ($try->{at})")) or diag(join "\n", @faults);
}
note("$blocked changes had to wait for the statement");

my %tried = map { $_->{tag} => 1 } @tries;
is(ask($dba, q{SELECT statement FROM warrant.commands WHERE needs IS NOT NULL AND statement NOT IN ('} . join(q{', '}, keys %tried, keys %nameless) . q{')}), '',
	'each command is tried, or takes no name');
done_testing();
