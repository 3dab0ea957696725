-- A foreign key with PERIOD, which 18 brought, looks its keys up unasked, as any other does. Before 18 this is any other.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
SELECT current_setting('server_version_num')::int >= 180000 AS has_periods \gset
\if :has_periods
CREATE TABLE rooms (id int4range, valid daterange, PRIMARY KEY (id, valid WITHOUT OVERLAPS));
CREATE TABLE bookings (room int4range, valid daterange, FOREIGN KEY (room, PERIOD valid) REFERENCES rooms (id, PERIOD valid));
\else
CREATE TABLE rooms (id int4range, valid daterange, PRIMARY KEY (id, valid));
CREATE TABLE bookings (room int4range, valid daterange, FOREIGN KEY (room, valid) REFERENCES rooms (id, valid));
\endif
INSERT INTO rooms VALUES ('[1,2)', '[2026-01-01,2027-01-01)'), ('[2,3)', '[2026-01-01,2027-01-01)');
GRANT ALL ON rooms, bookings TO regress_clerk;
SELECT count(warrant.protect(t)) FROM unnest('{rooms,bookings}'::regclass[]) AS t;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{INSERT}', on_tables => '{bookings}');
SELECT warrant.grant('regress_clerk', '{UPDATE,DELETE}', on_tables => '{rooms}');
\c - regress_clerk
\set VERBOSITY terse
INSERT INTO bookings VALUES ('[1,2)', '[2026-01-01,2027-01-01)');
INSERT INTO bookings VALUES ('[1,2)', '[2028-01-01,2029-01-01)');
UPDATE rooms SET id = '[3,4)' WHERE id = '[2,3)';
UPDATE rooms SET id = '[4,5)' WHERE id = '[1,2)';
DELETE FROM rooms WHERE id = '[3,4)';
DELETE FROM rooms WHERE id IS NOT NULL;
SELECT count(*) FROM rooms;
SELECT count(*) FROM bookings;

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
