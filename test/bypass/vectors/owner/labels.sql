-- Labels: a table's owner who is no administrator of the gate takes away the one that a policy is on. Without the gate there is nobody who gives labels.

--- label_taken: he takes it away
-- as owner
-- needs SELECT, ALTER on orders
-- gate
SELECT warrant.create_policy('pci', 'approve', on_label => 'pci');
SECURITY LABEL FOR pg_warrant ON TABLE orders IS 'pci';
-- attack
DO $$ BEGIN SECURITY LABEL FOR pg_warrant ON TABLE orders IS NULL; EXCEPTION WHEN OTHERS THEN NULL; END $$;
TABLE orders;

--- label_exchanged: puts another in its place, by a function that swallows what it is told
-- as owner
-- needs SELECT, ALTER on orders
-- setup
CREATE FUNCTION desk.annotate(words text) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN EXECUTE format('SECURITY LABEL FOR pg_warrant ON TABLE orders IS %L', words); EXCEPTION WHEN OTHERS THEN NULL; END $$;
-- gate
SELECT warrant.create_policy('pci', 'approve', on_label => 'pci', commands => '{READ}');
SECURITY LABEL FOR pg_warrant ON TABLE orders IS 'pci';
-- attack
SELECT desk.annotate('harmless');
TABLE orders;

--- label_by_document: takes it away by a document of definitions
-- as owner
-- needs SELECT, ALTER on orders
-- gate
SELECT warrant.create_policy('pci', 'approve', on_label => 'pci', commands => '{READ}');
SECURITY LABEL FOR pg_warrant ON TABLE orders IS 'pci';
-- attack
DO $$ BEGIN PERFORM warrant.apply_policies('{"policies": [{"name": "pci", "effect": "approve", "on_label": "pci", "commands": ["READ"]}], "labels": {}}', true, false); EXCEPTION WHEN OTHERS THEN NULL; END $$;
TABLE orders;

--- label_opens: a label that opens, on a table that a policy of its schema is about
-- as owner
-- needs SELECT, ALTER on orders
-- gate
SELECT warrant.create_policy('free', 'open', on_label => 'free', priority => 1);
SELECT warrant.create_policy('shop', 'approve', on_schema => 'shop', commands => '{READ}');
-- attack
DO $$ BEGIN SECURITY LABEL FOR pg_warrant ON TABLE orders IS 'free'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
TABLE orders;

--- label_in_own_transaction: an administrator takes it away in the transaction that reads
-- as owner
-- needs SELECT, ALTER on orders
-- gate
GRANT warrant_admin TO owner;
SELECT warrant.create_policy('pci', 'approve', on_label => 'pci');
SECURITY LABEL FOR pg_warrant ON TABLE orders IS 'pci';
-- attack
BEGIN;
DO $$ BEGIN SECURITY LABEL FOR pg_warrant ON TABLE orders IS NULL; EXCEPTION WHEN OTHERS THEN NULL; END $$;
TABLE orders;
ROLLBACK;

--- label_of_parent: a partition is read, whose parent bears the label
-- needs SELECT on payments_old
-- gate
SELECT warrant.create_policy('pci', 'approve', on_label => 'pci');
SECURITY LABEL FOR pg_warrant ON TABLE payments IS 'pci';
-- attack
TABLE payments_old;
