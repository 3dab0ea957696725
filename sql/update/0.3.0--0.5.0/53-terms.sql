ALTER TYPE warrant_internal.terms ADD ATTRIBUTE max_rows bigint;
ALTER TYPE warrant_internal.terms ADD ATTRIBUTE ticket_patterns text[];
