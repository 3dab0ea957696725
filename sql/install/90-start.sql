-- The end of the script: the first partitions, the workers once this is committed, and who may call what is internal.

SELECT warrant_internal.keep_partitions();

CREATE FUNCTION warrant_internal.start_workers() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_start_workers';
SELECT warrant_internal.start_workers();

-- Nobody but the owner calls what is internal. Views, and action_result, ask as whoever reads or calls them.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA warrant_internal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant_internal.current_subject(), warrant_internal.is_member(oid, oid), warrant_internal.may_decide(oid, bigint[]), warrant_internal.may_decide(oid[], bigint[], bigint[]),
    warrant_internal.delegators_of(oid), warrant_internal.is_here(bigint, oid, name),
    warrant_internal.statements(), warrant_internal.ask_result(bigint), warrant_internal.waiting(boolean) TO PUBLIC;
