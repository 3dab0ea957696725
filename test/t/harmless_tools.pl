# What tools ask the catalogues for does not change: psql's \d commands and completion, a driver's metadata, the system views.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use ThreeServers;

my $servers = ThreeServers->started('harmless_tools', { fill => sub { $_[0]->safe_as('clerk', ThreeServers->rich_schema, 'work') } });

# --- psql's backslash commands ---

my $describe = join "\n", map({ my $pattern = $_; map { "\\$_ $pattern" } qw(d d+ dt+ dv+ dm+ di+ ds+ df+ da dT+ dD+ do dC dO dF+ dFd dP+ dp dX z) }
	  qw(shop.* past.* shop.orders)),
  '\d shop.owing', '\d+ past."Odd name"', '\sf shop.note_change', '\sv+ shop.cheap', '\df+ shop.owed', '\dn+ shop', '\dL', '\dx plpgsql', '\dRp', '\des',
  '\dy', '\ddp', '\dconfig work_mem', '\dl', '\du clerk', '\drds', '\l work', '\dA+', '\dAc btree int4', '\db';
for my $role ('clerk', 'dba')
{
	my $said = $servers->same_answers("psql's backslash commands as $role", $role, $describe);
	like($said, qr/Foreign-key constraints:.*Partition key: RANGE \(at\).*Triggers:/s, "$role sees tables");
	unlike($said, qr/ERROR/, "without an error");
}

# --- what psql's completion asks ---

my $completion = <<'SQL';
SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND (c.relname) LIKE 'ord%' AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
UNION ALL SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE 'ord%' AND n.nspname NOT LIKE E'pg\\_%' LIMIT 1000;
SELECT c.relname, n.nspname FROM pg_catalog.pg_class c, pg_catalog.pg_namespace n
 WHERE c.relkind IN ('r', 'p') AND c.relname LIKE '%' AND n.oid = c.relnamespace AND n.nspname = 'shop' ORDER BY 1, 2 LIMIT 1000;
SELECT a.attname FROM pg_catalog.pg_attribute a, pg_catalog.pg_class c, pg_catalog.pg_namespace n
 WHERE c.oid = a.attrelid AND n.oid = c.relnamespace AND a.attnum > 0 AND NOT a.attisdropped AND a.attname LIKE '%' AND c.relname = 'customers' AND n.nspname = 'shop' ORDER BY a.attnum LIMIT 1000;
SELECT p.proname, n.nspname FROM pg_catalog.pg_proc p, pg_catalog.pg_namespace n WHERE p.prokind IN ('f', 'w') AND n.oid = p.pronamespace AND n.nspname = 'shop' ORDER BY p.oid;
SELECT pg_catalog.format_type(t.oid, NULL), n.nspname FROM pg_catalog.pg_type t, pg_catalog.pg_namespace n
 WHERE (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)) AND t.typname !~ '^_' AND n.oid = t.typnamespace AND n.nspname = 'shop' ORDER BY 1;
SELECT rolname FROM pg_catalog.pg_roles WHERE rolname LIKE 'cl%' ORDER BY 1;
SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings WHERE pg_catalog.lower(name) LIKE 'work%' ORDER BY 1;
SELECT tgname FROM pg_catalog.pg_class c1, pg_catalog.pg_trigger t1 WHERE c1.oid = t1.tgrelid AND c1.relname = 'orders' AND pg_catalog.pg_table_is_visible(c1.oid);
SELECT conname FROM pg_catalog.pg_class c1, pg_catalog.pg_constraint con WHERE c1.oid = con.conrelid AND conname LIKE '%' AND c1.relname = 'orders' ORDER BY 1;
SELECT pg_catalog.quote_literal(enumlabel) FROM pg_catalog.pg_enum e, pg_catalog.pg_type t WHERE t.oid = e.enumtypid AND t.typname = 'mood' ORDER BY enumsortorder;
SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE 'w%';
SELECT DISTINCT name FROM pg_catalog.pg_timezone_names() WHERE name LIKE 'Europe/B%' ORDER BY 1;
SQL
unlike($servers->same_answers("psql's completion", 'clerk', $completion), qr/ERROR/, 'completion without an error');

# --- a driver's metadata, as JDBC asks for it ---

my %metadata = (
	tables => <<'SQL',
SELECT NULL AS table_cat, n.nspname AS table_schem, c.relname AS table_name,
	CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN 'SYSTEM' ELSE CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE'
		WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' END END AS table_type, d.description AS remarks
  FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
       LEFT JOIN pg_catalog.pg_description d ON c.oid = d.objoid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
 WHERE c.relnamespace = n.oid AND n.nspname LIKE 'shop' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY table_type, table_schem, table_name;
SQL
	columns => <<'SQL',
SELECT * FROM (SELECT n.nspname, c.relname, a.attname, a.atttypid, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull, a.atttypmod, a.attlen, t.typtypmod,
	row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') AS attidentity, nullif(a.attgenerated, '') AS attgenerated,
	pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc, dsc.description, t.typbasetype, t.typtype
  FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
       JOIN pg_catalog.pg_type t ON a.atttypid = t.oid LEFT JOIN pg_catalog.pg_attrdef def ON a.attrelid = def.adrelid AND a.attnum = def.adnum
       LEFT JOIN pg_catalog.pg_description dsc ON c.oid = dsc.objoid AND a.attnum = dsc.objsubid
 WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname IN ('shop', 'past')) AS c ORDER BY nspname, relname, attnum;
SQL
	keys => <<'SQL',
SELECT result.table_schem, result.table_name, result.column_name, result.key_seq, result.pk_name
  FROM (SELECT n.nspname AS table_schem, ct.relname AS table_name, a.attname AS column_name,
	(information_schema._pg_expandarray(i.indkey)).n AS key_seq, ci.relname AS pk_name, information_schema._pg_expandarray(i.indkey) AS keys, a.attnum AS a_attnum
   FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON ct.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON ct.relnamespace = n.oid
        JOIN pg_catalog.pg_index i ON a.attrelid = i.indrelid JOIN pg_catalog.pg_class ci ON ci.oid = i.indexrelid
  WHERE i.indisprimary AND n.nspname = 'shop') AS result
 WHERE result.a_attnum = (result.keys).x ORDER BY result.table_name, result.pk_name, result.key_seq;
SQL
	imported_keys => <<'SQL',
SELECT pkn.nspname, pkc.relname, pka.attname, fkn.nspname, fkc.relname, fka.attname, pos.n, con.confupdtype, con.confdeltype, con.conname, con.condeferrable
  FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc,
       pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos (n)
 WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid AND fkn.oid = fkc.relnamespace
   AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid AND con.contype = 'f' AND fkn.nspname = 'shop'
 ORDER BY pkn.nspname, pkc.relname, con.conname, pos.n;
SQL
	indexes => <<'SQL',
SELECT n.nspname, ct.relname, NOT i.indisunique, ci.relname, am.amname, trim(both '"' from pg_catalog.pg_get_indexdef(ci.oid, k, false)),
	pg_catalog.pg_index_column_has_property(ci.oid, k, 'asc'), ci.reltuples, ci.relpages, pg_catalog.pg_get_expr(i.indpred, i.indrelid)
  FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_namespace n ON ct.relnamespace = n.oid JOIN pg_catalog.pg_index i ON ct.oid = i.indrelid
       JOIN pg_catalog.pg_class ci ON ci.oid = i.indexrelid JOIN pg_catalog.pg_am am ON ci.relam = am.oid, generate_series(1, i.indnatts) AS k
 WHERE n.nspname = 'shop' ORDER BY 1, 2, 4, k;
SQL
	functions => <<'SQL',
SELECT n.nspname, p.proname, p.prorettype, p.proargtypes, t.typtype, t.typrelid, p.proargnames, p.proargmodes, p.proallargtypes, p.oid, p.prokind
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON p.pronamespace = n.oid JOIN pg_catalog.pg_type t ON p.prorettype = t.oid
 WHERE n.nspname = 'shop' ORDER BY n.nspname, p.proname, p.oid::text;
SQL
	types => <<'SQL',
SELECT t.typname, t.oid, t.typtype, t.typelem, t.typrelid, (SELECT string_agg(e.enumlabel, ' ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE n.nspname IN ('shop', 'pg_catalog') ORDER BY t.oid;
SQL
	privileges => <<'SQL');
SELECT n.nspname, c.relname, r.rolname, c.relacl, a.attname, a.attacl FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c, pg_catalog.pg_roles r, pg_catalog.pg_attribute a
 WHERE c.relnamespace = n.oid AND c.relowner = r.oid AND c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND n.nspname = 'shop' ORDER BY c.relname, a.attnum;
SQL
for my $what (sort keys %metadata)
{
	my $said = $servers->same_answers("metadata: $what", 'clerk', "PREPARE asked AS $metadata{$what}EXECUTE asked;");
	like($said, qr/\([1-9]\d* rows?\)/, "metadata: $what has rows");
	unlike($said, qr/ERROR/, "metadata: $what without an error");
}

# --- all system views: what they say differs, that they answer does not ---

for my $role ('clerk', 'dba')
{
	$servers->same("system views as $role", sub {
		my ($node) = @_;
		my $views = $node->safe_psql('work', <<'SQL');
SELECT string_agg(format('\echo %s
SELECT count(*) >= 0 FROM (SELECT * FROM %s LIMIT 50) AS v;
\echo :SQLSTATE', c.oid::regclass, c.oid::regclass), E'\n' ORDER BY c.relnamespace, c.relname COLLATE "C")
  FROM pg_class c WHERE c.relkind IN ('v', 'r') AND c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
SQL
		return ThreeServers::answers($node, $role, $views);
	});
}
$servers->stop;
done_testing();
