-- Networks of clients. The attacker's uses a Unix-domain socket or 127.0.0.1.

--- from_elsewhere: an open policy for other networks
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('office', 'open', on_table => 'orders', client_cidr => '{10.20.0.0/16,2001:db8::/32}');
-- granted
SELECT warrant.drop_policy('office');
SELECT warrant.create_policy('office', 'open', on_table => 'orders', client_cidr => '{127.0.0.0/8}');
-- attack
TABLE orders;

--- granted_elsewhere: a grant that lives does not help from elsewhere
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('office', 'approve', on_table => 'orders', client_cidr => '{10.20.0.0/16,2001:db8::/32}');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- granted
SELECT warrant.drop_policy('office');
SELECT warrant.create_policy('office', 'approve', on_table => 'orders', client_cidr => '{127.0.0.0/8}');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;
