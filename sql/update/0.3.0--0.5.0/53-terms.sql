ALTER TYPE warrant_internal.terms ADD ATTRIBUTE max_rows bigint;
ALTER TYPE warrant_internal.terms ADD ATTRIBUTE ticket_patterns text[];
ALTER TYPE warrant_internal.terms ADD ATTRIBUTE looks_after interval;
