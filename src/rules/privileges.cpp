#include "pg/server.hpp"

#include "pg/rights.hpp"
#include "rules/governing_policies.hpp"
#include "rules/privileges.hpp"
#include "rules/subject.hpp"

namespace warrant {

namespace {

bool HasAny(Oid role, Oid relation, AclMode privileges) {
    return pg_class_aclmask(relation, role, privileges, ACLMASK_ANY) != 0 ||
           pg_attribute_aclcheck_all(relation, role, privileges, ACLMASK_ANY) == ACLCHECK_OK;
}

bool IsOwners(Command command) {
    return command == Command::Alter || command == Command::Drop || (command == Command::Maintain && maintain_privilege == 0);
}

bool MayRun(Oid role, Oid relation, Command command) {
    switch (command) {
        case Command::Select:
        case Command::Export: return HasAny(role, relation, ACL_SELECT);
        case Command::Insert: return HasAny(role, relation, ACL_INSERT);
        case Command::Update:
        case Command::UpdateAll: return HasAny(role, relation, ACL_UPDATE);
        case Command::Delete:
        case Command::DeleteAll: return HasAny(role, relation, ACL_DELETE);
        case Command::Truncate: return HasAny(role, relation, ACL_TRUNCATE);
        case Command::Lock: return HasAny(role, relation, ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE | maintain_privilege);
        case Command::Maintain: return MayMaintain(relation, role) || OwnsDatabase(MyDatabaseId, role);
        case Command::Alter:    // a trigger or a foreign key takes less
            return OwnsRelation(relation, role) || OwnsSchema(get_rel_namespace(relation), role) ||
                   HasAny(role, relation, ACL_TRIGGER | ACL_REFERENCES);
        case Command::Drop: return OwnsRelation(relation, role) || OwnsSchema(get_rel_namespace(relation), role);
        case Command::Grant: return HasAny(role, relation, ACL_GRANT_OPTION_FOR(ACL_ALL_RIGHTS_RELATION));
        case Command::Create:
        case Command::Admin: break;
    }
    return true;
}

bool MayAnyRun(const List* roles, Oid relation, Command command) {
    ListCell* cell;
    foreach (cell, roles)
        if (MayRun(lfirst_oid(cell), relation, command))
            return true;
    return false;
}

// For all of the columns, which reading, INSERT and UPDATE are about.
bool MayRunOn(Oid role, Oid relation, Command command, const Bitmapset* columns) {
    bool reads = command == Command::Select || command == Command::Export;
    AclMode privilege = reads ? ACL_SELECT : command == Command::Insert ? ACL_INSERT : ACL_UPDATE;
    bool may = true, on_table = pg_class_aclcheck(relation, role, privilege) == ACLCHECK_OK;
    for (int member = -1; !on_table && may && (member = bms_next_member(columns, member)) >= 0;)
        may = pg_attribute_aclcheck(relation, AttrNumber(member + FirstLowInvalidHeapAttributeNumber), role, privilege) == ACLCHECK_OK;
    return may;
}

bool MayAnyRunOn(const List* roles, Oid relation, Command command, const Bitmapset* columns) {
    ListCell* cell;
    foreach (cell, roles)
        if (MayRunOn(lfirst_oid(cell), relation, command, columns))
            return true;
    return false;
}

struct Rule {
    Oid relation;    // whose query or rule it is
    bool reads;      // a view's query
};

Rule FindRule(Oid rule) {
    Relation rules = table_open(RewriteRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_rewrite_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(rule));
    SysScanDesc scan = systable_beginscan(rules, RewriteOidIndexId, true, nullptr, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    Rule found = {InvalidOid, false};
    if (HeapTupleIsValid(tuple))
        found = Rule{Form_pg_rewrite(GETSTRUCT(tuple))->ev_class, Form_pg_rewrite(GETSTRUCT(tuple))->ev_type == '1'};
    systable_endscan(scan);
    table_close(rules, AccessShareLock);
    return found;
}

bool ChecksInvoker(HeapTuple view) {
    bool null;
    Datum options = SysCacheGetAttr(RELOID, view, Anum_pg_class_reloptions, &null);
    ListCell* cell;
    foreach (cell, null ? NIL : untransformRelOptions(options)) {
        DefElem* option = lfirst_node(DefElem, cell);
        if (strcmp(option->defname, "security_invoker") == 0)
            return defGetBoolean(option);
    }
    return false;
}

// Whether the rule leads to what is behind it, for who may use its view or write to its relation. The server asks the owner for the privilege there,
// or again the caller, who then needs no view. A view takes no privilege to make.
bool LeadsTo(Rule rule, Oid relation, Command command) {
    HeapTuple tuple = OidIsValid(rule.relation) ? SearchSysCache1(RELOID, ObjectIdGetDatum(rule.relation)) : nullptr;
    if (!HeapTupleIsValid(tuple))
        return false;
    Form_pg_class row = Form_pg_class(GETSTRUCT(tuple));
    bool leads = row->relkind != RELKIND_MATVIEW &&    // which is read without what is behind it
                 (MayRun(row->relowner, relation, command) && !(rule.reads && ChecksInvoker(tuple)));
    ReleaseSysCache(tuple);
    return leads;
}

// Views, and relations with rules, that lead to the relation directly.
List* WithViewsOver(List* found, Oid relation, Command command) {
    Relation depend = table_open(DependRelationId, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
    ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    SysScanDesc scan = systable_beginscan(depend, DependReferenceIndexId, true, nullptr, 2, keys);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_depend row = Form_pg_depend(GETSTRUCT(tuple));
        if (row->classid != RewriteRelationId)
            continue;
        Rule rule = FindRule(row->objid);
        if (LeadsTo(rule, relation, command))
            found = list_append_unique_oid(found, rule.relation);
    }
    systable_endscan(scan);
    table_close(depend, AccessShareLock);
    return found;
}

}    // namespace

bool HoldsPrivilege(Oid role, Oid relation, Command command) { return MayAnyRun(RolesOf(role), relation, command); }

bool ReachesRelation(Oid role, Oid relation, Command command, const Bitmapset* columns) {
    const List* roles = RolesOf(role);
    const GoverningPolicies* policies = FindGoverningPolicies(relation);
    List* ways = list_make1_oid(relation);
    for (int i = 0; i < policies->ancestor_count; i++)
        ways = list_append_unique_oid(ways, policies->ancestors[i]);
    ListCell* cell;
    foreach (cell, ways) {    // grows while it is walked
        CHECK_FOR_INTERRUPTS();
        bool to_columns = columns != nullptr && lfirst_oid(cell) == relation;
        if (to_columns ? MayAnyRunOn(roles, relation, command, columns) : MayAnyRun(roles, lfirst_oid(cell), command))
            return true;
        ways = WithViewsOver(ways, lfirst_oid(cell), command);
    }
    return false;
}

void RaiseLacking(Oid relation, Command command) {
    aclcheck_error(IsOwners(command) ? ACLCHECK_NOT_OWNER : ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relation)), get_rel_name(relation));
    pg_unreachable();
}

char* WordsForLacking(Oid relation, Command command) {
    const char* kind;
    switch (get_rel_relkind(relation)) {
        case RELKIND_VIEW: kind = "view"; break;
        case RELKIND_MATVIEW: kind = "materialized view"; break;
        case RELKIND_FOREIGN_TABLE: kind = "foreign table"; break;
        default: kind = "table";
    }
    return psprintf(IsOwners(command) ? "must be owner of %s %s" : "permission denied for %s %s", kind, get_rel_name(relation));
}

}    // namespace warrant
