ALTER TYPE warrant_internal.terms ADD ATTRIBUTE max_rows bigint;
