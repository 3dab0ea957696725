-- Reading that copies.

--- create_table_as: into a new table
-- needs SELECT, EXPORT on orders
-- attack
CREATE TABLE desk.copy AS TABLE orders;

--- copy_to_client: COPY of the table itself
-- needs SELECT, EXPORT on orders
-- attack
COPY orders TO STDOUT;
