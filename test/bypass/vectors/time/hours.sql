-- Hours of policies, by a day of the week that is not near.

--- outside_hours: an open policy outside its hours, from a session in another time zone
-- needs SELECT on orders
-- gate
SELECT to_char(now() AT TIME ZONE 'UTC' + '3 days', 'Dy') || ' 00:00-24:00 UTC' AS closed \gset
SELECT warrant.create_policy('hours', 'open', on_table => 'orders', hours => :'closed');
-- granted
SELECT warrant.drop_policy('hours');
SELECT warrant.create_policy('hours', 'open', on_table => 'orders', hours => '00:00-24:00 UTC');
-- attack
SET timezone = 'Pacific/Kiritimati';
TABLE orders;

--- granted_outside_hours: a grant that lives outside the hours of its policy
-- needs SELECT on orders
-- gate
SELECT to_char(now() AT TIME ZONE 'UTC' + '3 days', 'Dy') || ' 00:00-24:00 UTC' AS closed \gset
SELECT warrant.create_policy('hours', 'approve', on_table => 'orders', hours => :'closed');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- granted
SELECT warrant.drop_policy('hours');
SELECT warrant.create_policy('hours', 'approve', on_table => 'orders', hours => '00:00-24:00 UTC');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;

--- hours_of_partition: a partition's own open policy has hours, and its parent's stricter one has none
-- needs SELECT on payments
-- gate
SELECT to_char(now() AT TIME ZONE 'UTC' + '3 days', 'Dy') || ' 00:00-24:00 UTC' AS closed \gset
SELECT warrant.create_policy('parent', 'approve', on_table => 'payments');
SELECT warrant.create_policy('part', 'open', on_table => 'payments_new', hours => :'closed');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'payments');
-- granted
SELECT warrant.drop_policy('part');
-- attack
TABLE payments;

--- hours_of_untrusting_partition: a view whose owner the parent's policy trusts, and the partition's open policy does not
-- needs SELECT on payments
-- setup
CREATE VIEW paid AS TABLE payments;
ALTER VIEW paid OWNER TO owner;
-- gate
SELECT to_char(now() AT TIME ZONE 'UTC' + '3 days', 'Dy') || ' 00:00-24:00 UTC' AS closed \gset
SELECT warrant.create_policy('parent', 'approve', on_table => 'payments', definer_roles => '{owner}');
SELECT warrant.create_policy('part', 'open', on_table => 'payments_new', hours => :'closed');
-- granted
SELECT warrant.drop_policy('part');
-- attack
TABLE paid;
