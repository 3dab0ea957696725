# Ends a file of tests at its first failure, which is all that test/mutants/run wants to know: the tests after it may wait for minutes for what does not
# come when a guard is switched off.
package EndsAtFailure;
use strict;
use warnings;
use Test2::API qw(test2_add_callback_context_release);

test2_add_callback_context_release(sub { my ($context) = @_; $context->bail('a test failed') if !$context->hub->is_passing });

1;
