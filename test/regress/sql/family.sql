-- A relation is governed by itself, its ancestors and its descendants, the strictest wins; views are ways to their tables.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE part (k int, v int) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2) PARTITION BY LIST (v);
CREATE TABLE part_2_1 PARTITION OF part_2 FOR VALUES IN (1);
CREATE TABLE parent (a int);
CREATE TABLE child (b int) INHERITS (parent);
CREATE TABLE sibling (c int) INHERITS (parent);
CREATE TABLE base (a int);
INSERT INTO base VALUES (1), (2);
CREATE VIEW shown AS SELECT a FROM base;
CREATE VIEW shown_again AS SELECT a FROM shown;
CREATE MATERIALIZED VIEW kept AS SELECT a FROM base;
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
CREATE FUNCTION governed(target regclass) RETURNS text LANGUAGE sql
AS $$ SELECT concat_ws(' -> ', (array_agg(detail ORDER BY step) FILTER (WHERE rule = 'policy'))[1], (array_agg(answer ORDER BY step DESC))[1]) FROM warrant.explain('regress_clerk', 'SELECT', $1) $$;

-- The parent's policy covers partitions of every level, also those that are named directly or pruned.
SELECT warrant.protect('part');
SELECT t, governed(t) FROM unnest('{part,part_1,part_2,part_2_1}'::regclass[]) AS t;
\c - regress_clerk
SELECT * FROM part;
SELECT * FROM part_2_1;
SELECT * FROM part WHERE false;
INSERT INTO part VALUES (2, 1);
INSERT INTO part_1 VALUES (1, 1);

-- A leaf's policy governs its ancestors too, but not its siblings.
\c - :owner
SELECT warrant.unprotect('part');
SELECT warrant.create_policy('leaf', 'deny', on_table => 'part_2_1');
SELECT t, governed(t) FROM unnest('{part,part_1,part_2,part_2_1}'::regclass[]) AS t;
\c - regress_clerk
SELECT * FROM part_1;
SELECT * FROM part WHERE k = 1;

-- Between relatives the strictest wins, whatever the priority.
\c - :owner
SELECT warrant.create_policy('trunk', 'open', on_table => 'part', priority => 100);
SELECT warrant.create_policy('branch', 'approve', on_table => 'part_2', priority => 50);
SELECT t, governed(t) FROM unnest('{part,part_1,part_2,part_2_1}'::regclass[]) AS t;
SELECT warrant.drop_policy('leaf');
SELECT t, governed(t) FROM unnest('{part,part_1,part_2,part_2_1}'::regclass[]) AS t;

-- It follows ATTACH and DETACH.
ALTER TABLE part DETACH PARTITION part_2;
SELECT t, governed(t) FROM unnest('{part,part_1,part_2,part_2_1}'::regclass[]) AS t;
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
SELECT t, governed(t) FROM unnest('{part,part_1,part_2,part_2_1}'::regclass[]) AS t;

-- Inheritance is the same, with ONLY or without.
SELECT warrant.protect('child');
SELECT t, governed(t) FROM unnest('{parent,child,sibling}'::regclass[]) AS t;
\c - regress_clerk
SELECT * FROM parent;
SELECT * FROM ONLY parent;
SELECT * FROM sibling;
\c - :owner
SELECT warrant.unprotect('child'), warrant.protect('parent');
SELECT t, governed(t) FROM unnest('{parent,child,sibling}'::regclass[]) AS t;
ALTER TABLE sibling NO INHERIT parent;
SELECT t, governed(t) FROM unnest('{parent,child,sibling}'::regclass[]) AS t;

-- A table is protected behind its views; who owns the view does not matter.
SELECT warrant.protect('base');
\c - regress_clerk
SELECT * FROM shown;
SELECT * FROM shown_again;
UPDATE shown SET a = 3 WHERE a IS NOT NULL;
DELETE FROM shown_again WHERE a IS NOT NULL;
-- A materialized view holds rows of its own, and is a target of its own.
SELECT count(*) FROM kept;

-- A protected view over an open table: the view alone is gated.
\c - :owner
SELECT warrant.unprotect('base');
SELECT warrant.protect('shown'), warrant.protect('kept');
\c - regress_clerk
SELECT count(*) FROM base;
SELECT * FROM shown;
SELECT * FROM shown_again;
SELECT * FROM kept;

-- A grant on the parent covers its partitions; a grant on a partition covers neither the parent nor others.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{INSERT}', on_table => 'parent');
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'child');
\c - regress_clerk
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (1);
SELECT * FROM child;
SELECT * FROM parent;
SELECT * FROM stage.news() WHERE event = 'allowed';

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
