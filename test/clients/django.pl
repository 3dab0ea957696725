# Django: the page's function asks, waits and goes on; an INSERT ... RETURNING asks once; a grant is revoked in the middle of a fetch; and migrations
# run under one approval.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Programs;

my $node = Programs::server('django');
my $home = PostgreSQL::Test::Utils::tempdir('django');
append_to_file("$home/$_->[0]", $_->[1])
  for [ 'orders.py', slurp_file("$FindBin::Bin/orders.py") ], [ 'approval.py', Programs::shown('python') ],
  [ 'void_order.py', <<'PYTHON' ], [ 'fetch.py', <<'PYTHON' ], [ 'manage.py', <<'PYTHON' ];
from orders import Order
from approval import approved
approved(lambda: Order.objects.filter(id=7).update(status="void"))
PYTHON
import itertools, sys
from django.db import ProgrammingError, transaction
from orders import Order
with transaction.atomic():
    rows = Order.objects.all().iterator(chunk_size=10)
    print(len(list(itertools.islice(rows, 10))), flush=True)
    sys.stdin.readline()
    try:
        print(len(list(itertools.islice(rows, 10))))
    except ProgrammingError as error:
        print(error.__cause__.diag.sqlstate, error)
    transaction.set_rollback(True)
PYTHON
import sys
import orders
from django.core.management import call_command
call_command(*sys.argv[2:])
PYTHON

Programs::waits_and_goes_on($node, 'python3', "$home/void_order.py");
Programs::meets_revoke($node, 'python3', "$home/fetch.py");

# An app whose migrations Django writes: a table, and another with a reference to it.
my ($run, $request, $grant);
mkdir "$home/shop";
append_to_file("$home/shop/$_->[0]", $_->[1]) for [ '__init__.py', '' ], [ 'models.py', <<'PYTHON' ];
from django.db import models
class Customer(models.Model):
    name = models.TextField(unique=True)
class Complaint(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    words = models.TextField()
PYTHON
sub manage { return Programs::started($node, 'python3', "$home/manage.py", 'shop', @_); }
ok(Programs::ended(manage('makemigrations', 'shop', '--verbosity', '0')), 'migrations are made');
$node->safe_as('dba', "GRANT CREATE ON SCHEMA public TO clerk; SELECT warrant.protect_schema('public')");

$run = manage('migrate', '--verbosity', '0');
ok(!Programs::ended($run), 'they are refused');
like($run->{err}, qr/CREATE on schema "public" requires approval/, 'with the request') or diag($run->{err});
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_tables WHERE tablename ~ '^shop_'"), '0', 'and nothing is left behind');
$node->safe_as('clerk', 'SELECT warrant.cancel(' . Programs::pending($node) . ')');
$request = $node->safe_as('clerk', Programs::shown('sql'));
$grant = $node->safe_as('boss', "SELECT warrant.approve($request)");
$run = manage('migrate', '--verbosity', '0');
ok(Programs::ended($run), 'they run under one approval') or diag($run->{err});
is($node->safe_psql('postgres', "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE tablename ~ '^shop_'"), 'shop_complaint shop_customer', 'all of them');

# An INSERT that Django makes reads what it has made.
append_to_file("$home/complain.py", <<'PYTHON');
import orders
from shop.models import Customer
from approval import approved
print(approved(lambda: Customer.objects.create(name="cleo")).id)
PYTHON
$node->safe_as('boss', "SELECT warrant.revoke($grant, 'released')");
$run = Programs::started($node, 'python3', "$home/complain.py", 'shop');
$request = Programs::pending($node);
is($node->safe_psql('postgres', "SELECT string_agg(array_to_string(commands, ','), ';') FROM warrant.request_items WHERE request_id = $request"), 'INSERT,SELECT',
	'INSERT ... RETURNING asks once for both');
$node->safe_as('boss', "SELECT warrant.approve($request)");
ok(Programs::ended($run), 'and goes on') or diag($run->{err});
is($run->{out}, "1\n", 'with what it returns');
$node->stop;
done_testing();
