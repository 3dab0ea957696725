// What a role owns and what it may do with it, answered as the server answers its own commands. The object exists: the server raises an error when
// it does not.
#pragma once

#include "pg/server.hpp"

namespace warrant {

inline bool OwnsRelation(Oid relation, Oid role) { return OwnsObject(RelationRelationId, relation, role); }

inline bool OwnsFunction(Oid function, Oid role) { return OwnsObject(ProcedureRelationId, function, role); }

inline bool OwnsSchema(Oid schema, Oid role) { return OwnsObject(NamespaceRelationId, schema, role); }

inline bool OwnsDatabase(Oid database, Oid role) { return OwnsObject(DatabaseRelationId, database, role); }

// Whether the role may VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH and LOCK the relation.
inline bool MayMaintain(Oid relation, Oid role) {
    return OwnsRelation(relation, role) || (maintain_privilege != 0 && pg_class_aclcheck(relation, role, maintain_privilege) == ACLCHECK_OK);
}

inline bool MayCreateIn(Oid schema, Oid role) { return HasPrivilege(NamespaceRelationId, schema, role, ACL_CREATE); }

// Whether the role may create schemas and publications here.
inline bool MayCreateInDatabase(Oid role) { return HasPrivilege(DatabaseRelationId, MyDatabaseId, role, ACL_CREATE); }

inline bool MayExecute(Oid function, Oid role) { return HasPrivilege(ProcedureRelationId, function, role, ACL_EXECUTE); }

// Whether the role may pass on the privilege to execute the function, or one on the schema.
inline bool MayGrantFunction(Oid function, Oid role) { return HasPrivilege(ProcedureRelationId, function, role, ACL_GRANT_OPTION_FOR(ACL_EXECUTE)); }

inline bool MayGrantSchema(Oid schema, Oid role) {
    return HasPrivilege(NamespaceRelationId, schema, role, ACL_GRANT_OPTION_FOR(ACL_ALL_RIGHTS_SCHEMA));
}

// Whether the server lets the role connect to the database, where its limit of connections is not reached. No database of that number: false.
inline bool MayConnect(Oid database, Oid role) {
    HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
    if (!HeapTupleIsValid(tuple))
        return false;
    Form_pg_database row = Form_pg_database(GETSTRUCT(tuple));
    bool closed = !row->datallowconn;
    ReleaseSysCache(tuple);
    return !closed && HasPrivilege(DatabaseRelationId, database, role, ACL_CONNECT);
}

}    // namespace warrant
