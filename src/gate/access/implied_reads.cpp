#include "pg/server.hpp"

#include "pg/permissions.hpp"
#include "gate/access/implied_reads.hpp"

namespace warrant {

namespace {

// The row under change, as a tree sees it that lies this many query levels below the write.
struct Target {
    int index;
    Oid relation;
    int depth;
};

// Whether the function's argument names a view that is read, a domain whose checks are made, or something that stays locked until the transaction
// ends, where pg_locks shows what was named. So it counts as others' code whatever its volatility.
bool MakesOfNames(Oid function) {
    switch (function) {
        case F_PG_GET_VIEWDEF_OID:
        case F_PG_GET_VIEWDEF_OID_BOOL:
        case F_PG_GET_VIEWDEF_OID_INT4:
        case F_PG_GET_VIEWDEF_TEXT:
        case F_PG_GET_VIEWDEF_TEXT_BOOL:
        case F_PG_GET_RULEDEF_OID:
        case F_PG_GET_RULEDEF_OID_BOOL:
        case F_PG_GET_FUNCTIONDEF:
        case F_PG_GET_FUNCTION_SQLBODY:
        case F_PG_GET_PARTITION_CONSTRAINTDEF:
        case F_PG_GET_OBJECT_ADDRESS:
        case F_SATISFIES_HASH_PARTITION:
        case F_FMGR_SQL_VALIDATOR:
        case F_TABLE_TO_XMLSCHEMA:
        case F_SCHEMA_TO_XMLSCHEMA:
        case F_TABLE_TO_XML:
        case F_TABLE_TO_XML_AND_XMLSCHEMA:
        case F_SCHEMA_TO_XML:
        case F_SCHEMA_TO_XML_AND_XMLSCHEMA:
#ifdef F_PG_INPUT_IS_VALID
        case F_PG_INPUT_IS_VALID:
        case F_PG_INPUT_ERROR_INFO:
#endif
            return true;
        default: return false;
    }
}

// Whether the function carries a value out: others' code does, and so do side effects: set_config, pg_notify, setval, large objects, advisory locks.
bool IsOthersFunction(Oid function, void*) {
    return MakesOfNames(function) || function >= FirstUnpinnedObjectId || func_volatile(function) == PROVOLATILE_VOLATILE;
}

// Whether a value of this type is shown to code that its owner chose: the checks of a domain, the columns of a row, an enum's cast to JSON.
bool IsOthersType(Oid type) {
    if (type < FirstUnpinnedObjectId)
        return false;
    Oid element = get_element_type(type);
    return get_typtype(OidIsValid(element) ? element : type) != TYPTYPE_BASE;
}

}    // namespace

bool CallsOthers(Node* node) {
    switch (nodeTag(node)) {
        case T_FuncExpr:
            if (IsOthersType(reinterpret_cast<FuncExpr*>(node)->funcresulttype))
                return true;
            break;
        case T_CoerceViaIO:
            if (IsOthersType(reinterpret_cast<CoerceViaIO*>(node)->resulttype))
                return true;
            break;
        case T_CoerceToDomain: return IsOthersType(reinterpret_cast<CoerceToDomain*>(node)->resulttype);
        case T_RowExpr: return IsOthersType(reinterpret_cast<RowExpr*>(node)->row_typeid);
        case T_ConvertRowtypeExpr: return true;
        // A whole row is shown to the casts of its type.
        case T_Var: return reinterpret_cast<Var*>(node)->varattno == InvalidAttrNumber;
        default:
            if (IsOthersType(JsonResultType(node)))
                return true;
    }
    return check_functions_in_node(node, IsOthersFunction, nullptr);
}

namespace {

// Whether column definitions convert values: they have domains checked without a node that says so.
bool ConvertsColumns(const RangeTblEntry* entry) {
    if (entry->rtekind == RTE_TABLEFUNC)
        return true;
    ListCell* cell;
    foreach (cell, entry->functions)
        if (lfirst_node(RangeTblFunction, cell)->funccoltypes != NIL)
            return true;
    return false;
}

bool CallsOthersAnywhere(Node* node, void* context) {
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry))
        return ConvertsColumns(reinterpret_cast<RangeTblEntry*>(node));
    if (IsA(node, Query))
        return WalkQuery(reinterpret_cast<Query*>(node), CallsOthersAnywhere, context, QTW_EXAMINE_RTES_BEFORE);
    return CallsOthers(node) || WalkExpression(node, CallsOthersAnywhere, context);
}

// Whether the target's values are anywhere in the tree. What a CASE or a conversion tests may be such a value.
bool Mentions(Node* node, void* context) {
    Target* target = static_cast<Target*>(context);
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        const Var* var = reinterpret_cast<Var*>(node);
        return var->varno == target->index && int(var->varlevelsup) == target->depth;
    }
    if (IsA(node, CaseTestExpr) || IsA(node, CoerceToDomainValue))
        return true;
    if (!IsA(node, Query))
        return WalkExpression(node, Mentions, context);
    target->depth++;
    bool found = WalkQuery(reinterpret_cast<Query*>(node), Mentions, context, 0);
    target->depth--;
    return found;
}

// Whether the entry converts to the column's own domain, which the table's owner chose like a check constraint.
bool IsColumnsOwnDomain(const TargetEntry* entry, const Target* target) {
    return IsA(entry->expr, CoerceToDomain) &&
           reinterpret_cast<CoerceToDomain*>(entry->expr)->resulttype == get_atttype(target->relation, entry->resno);
}

bool ShowsTarget(Node* node, void* context) {
    Target* target = static_cast<Target*>(context);
    if (node == nullptr)
        return false;
    if (IsA(node, TargetEntry) && IsColumnsOwnDomain(reinterpret_cast<TargetEntry*>(node), target))
        return ShowsTarget(reinterpret_cast<Node*>(reinterpret_cast<CoerceToDomain*>(reinterpret_cast<TargetEntry*>(node)->expr)->arg), context);
    // In a subquery a value of the target may go anywhere.
    if (IsA(node, Query))
        return Mentions(node, context) && CallsOthersAnywhere(node, nullptr);
    if (CallsOthers(node) && Mentions(node, context))
        return true;
    return WalkExpression(node, ShowsTarget, context);
}

// Whether the write goes through a view, whose conditions and checks its owner alone has chosen.
bool IsThroughView(const Query* query) {
    ListCell* cell;
    foreach (cell, query->rtable) {
        const RangeTblEntry* entry = lfirst_node(RangeTblEntry, cell);
        if (entry->rtekind == RTE_RELATION && entry->relkind == RELKIND_VIEW)
            return true;
    }
    return false;
}

// Whether what the query itself computes of its target is shown to others' code. Its other relations need SELECT by their own entries, and the
// checks of row policies are the table's.
bool ShowsToOthers(const Query* query) {
    const RangeTblEntry* entry = rt_fetch(query->resultRelation, query->rtable);
    bool through_view = IsThroughView(query);
    Query own = *query;
    own.rtable = own.cteList = NIL;
    if (!through_view)
        own.withCheckOptions = NIL;
    Target target = {query->resultRelation, entry->relid, 0};
    return WalkQuery(&own, ShowsTarget, &target, 0) || (through_view && ShowsTarget(reinterpret_cast<Node*>(entry->securityQuals), &target));
}

bool ShowsItsTarget(const Query* query) { return query->returningList != NIL || ShowsToOthers(query); }

struct Reads {
    List* implied;
    List* shown;
    // Shown, although the server does not ask for SELECT.
    List* unasked;
};

// Entries other than the target's were left by a view or a rule; they are read when something refers to them.
void WeighEntries(Reads* reads, Query* query) {
    // Whether the statement shows its target; -1 until that is known.
    int shows = -1;
    ForEachPermission(query, [&](int index, const RangeTblEntry* entry, const Permission& permission) {
        if (!(permission.required & ACL_SELECT)) {
            bool changes = (permission.required & ACL_DELETE) != 0 || Updates(permission);
            if (index == query->resultRelation && changes && IsThroughView(query) && ShowsToOthers(query))
                reads->unasked = list_append_unique_oid(reads->unasked, permission.relation);
            return;
        }
        if (!Writes(permission))
            return;
        if (shows < 0)
            shows = ShowsItsTarget(query);
        bool own = index == query->resultRelation ? entry->relkind != RELKIND_VIEW : !rangeTableEntry_used(reinterpret_cast<Node*>(query), index, 0);
        List** list = own && !shows ? &reads->implied : &reads->shown;
        *list = list_append_unique_oid(*list, permission.relation);
    });
}

}    // namespace

ImpliedReads FindImpliedReads(Query* query) {
    Reads reads = {NIL, NIL, NIL};
    if (query->commandType != CMD_SELECT)
        WeighEntries(&reads, query);
    ListCell* cell;
    foreach (cell, query->hasModifyingCTE ? query->cteList : NIL) {
        Query* inner = castNode(Query, lfirst_node(CommonTableExpr, cell)->ctequery);
        if (inner->commandType != CMD_SELECT)
            WeighEntries(&reads, inner);
    }
    return ImpliedReads{list_difference_oid(reads.implied, reads.shown), reads.unasked};
}

}    // namespace warrant
