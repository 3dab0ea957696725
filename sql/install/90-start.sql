-- The first partitions, and the workers once this is committed -----------------------------------------------------------------------

SELECT warrant.keep_partitions();

CREATE FUNCTION warrant.start_workers() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_start_workers';
REVOKE ALL ON FUNCTION warrant.start_workers() FROM PUBLIC;
SELECT warrant.start_workers();
