-- Views and materialized views.

--- view: a view of the table
-- needs SELECT on orders
-- setup
CREATE VIEW seen AS TABLE orders;
-- attack
TABLE seen;

--- nested_view: a view over another owner's view
-- needs SELECT on orders
-- setup
CREATE VIEW inner_view AS TABLE orders;
CREATE VIEW outer_view AS SELECT card FROM inner_view;
ALTER VIEW outer_view OWNER TO helper;
GRANT SELECT ON inner_view TO helper;
-- attack
SELECT * FROM outer_view;

--- view_of_superuser: the table's privileges are those of the view's owner
-- needs SELECT on orders
-- setup
CREATE VIEW seen AS TABLE orders;
REVOKE ALL ON orders FROM clerk;
-- attack
TABLE seen;

--- invoker_view: the table's privileges are the caller's
-- needs SELECT on orders
-- setup
CREATE VIEW seen WITH (security_invoker) AS TABLE orders;
-- attack
TABLE seen;

--- barrier_view: a view that the planner keeps apart
-- needs SELECT on orders
-- setup
CREATE VIEW seen WITH (security_barrier) AS TABLE orders;
-- attack
SELECT * FROM seen WHERE id = 1;

--- aggregate_view: a view that shows no row of the table
-- needs SELECT on orders
-- setup
CREATE VIEW top_card AS SELECT max(card) FROM orders;
-- attack
TABLE top_card;

--- own_temporary_view: a view of the session's own
-- needs SELECT on orders
-- attack
CREATE TEMPORARY VIEW mine AS TABLE orders;
TABLE mine;

--- updated_view: writing through a view
-- needs UPDATE on orders
-- setup
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'new';
-- attack
UPDATE open_orders SET status = 'void' WHERE id > 0;

--- view_with_trigger: a view whose trigger writes
-- needs UPDATE on orders
-- setup
CREATE VIEW states AS SELECT id, max(status) AS status FROM customers, LATERAL (VALUES ('?')) AS s (status) GROUP BY id;
CREATE FUNCTION write_state() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN UPDATE orders SET status = NEW.status WHERE id > 0; RETURN NEW; END $$;
CREATE TRIGGER write_state INSTEAD OF UPDATE ON states FOR EACH ROW EXECUTE FUNCTION write_state();
-- attack
UPDATE states SET status = 'void' WHERE id > 0;

--- protected_view: the view itself is protected, its table is not
-- needs SELECT on seen
-- setup
CREATE VIEW seen AS TABLE orders;
CREATE VIEW around AS TABLE seen;
-- attack
TABLE around;

--- create_materialized_view: a copy that is kept
-- needs SELECT, EXPORT on orders
-- attack
CREATE MATERIALIZED VIEW desk.kept AS TABLE orders;

--- refresh_materialized_view: a copy that was made before, brought up to date
-- needs SELECT, EXPORT on orders
-- setup
CREATE MATERIALIZED VIEW desk.kept AS TABLE orders WITH NO DATA;
ALTER MATERIALIZED VIEW desk.kept OWNER TO clerk;
GRANT SELECT ON orders TO clerk;
-- attack
REFRESH MATERIALIZED VIEW desk.kept;

--- refresh_concurrently: the same beside its readers
-- needs SELECT, EXPORT on orders
-- setup
UPDATE orders SET card = id WHERE id > 0;
CREATE MATERIALIZED VIEW desk.kept AS TABLE orders;
CREATE UNIQUE INDEX ON desk.kept (id);
ALTER MATERIALIZED VIEW desk.kept OWNER TO clerk;
UPDATE orders SET card = :'secret' WHERE id > 0;
-- attack
REFRESH MATERIALIZED VIEW CONCURRENTLY desk.kept;

--- stale_materialized_view: an old copy that is itself protected
-- needs SELECT on kept
-- setup
CREATE MATERIALIZED VIEW kept AS TABLE orders;
-- attack
TABLE kept;
