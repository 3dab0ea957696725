// What utility statements need, by the server's command tags. Each family of commands has a file, with its rows behind their collectors; utility.cpp
// has the statements without a collector, and asks all families.
//
// Collectors resolve names once, under the lock mode that the command itself takes. They write what they found back into the parse tree,
// so that the command cannot come to another relation. What a command touches without naming it, object_access.cpp meets.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "gate/access/access.hpp"
#include "gate/access/utility_frame.hpp"

namespace warrant {

using Collector = void (*)(Node*, AccessList*);

struct UtilityRow {
    // The server's command tag.
    const char* statement;
    // What the statement needs, in words.
    const char* needs;
    // What the tag stands for; T_Invalid where it stands for several nodes, which the collector tells apart.
    NodeTag node;
    // nullptr where the gate meets the statement elsewhere.
    Collector collect;
};

// The families' rows, an empty one behind them.
extern const UtilityRow admin_rows[], alter_rows[], create_rows[], drop_rows[], grant_rows[], lock_rows[], maintain_rows[];

template <class Statement>
inline Statement* As(Node* node) {
    return reinterpret_cast<Statement*>(node);
}

// Whether the statement names objects, so that DecideUtility may write into its tree.
bool HasNames(const Node* utility);

// Decides a utility statement, and pins its names. First without its locks: who is refused holds up nobody. Raises 42501 for what
// belongs to the gate itself, in every mode. Raises it also for a command that no row knows, when somebody is not exempt and something is protected.
void DecideUtility(Node* utility, AccessList* list);

// Adds what a command would need, as far as that is told without waiting for anything and without its locks; false for a command of which it is not.
bool CollectForeseen(Node* utility, AccessList* list);

// For a node that a collector does not know: raises 42501 as DecideUtility does for an unknown command, or returns.
void RefuseUnknown(Node* utility);

// Of GRANT, once it has run: what came into the schema meanwhile is asked for like the rest.
void CheckGranted(const UtilityFrame* frame);

// Visits each statement of this server, but for the server's first tag, which stands for statements without one.
//   needs   what it needs, in words, or nullptr for nothing
//   known   false for a statement that is refused because no row knows it
void ForEachStatement(void (*visit)(const char* statement, const char* needs, bool known, void* context), void* context);

// --- for the families: utility_names.cpp ---

// Adds an access unless nothing governs the relation, an ancestor's access covers it, or the statement around this one decided it.
// Indexes count as their table. Raises 42501 for a change of the gate's own relations.
void Need(AccessList* list, Oid relation, Command command);

// Resolves a relation and adds ALTER; nothing without a name. Raises what Resolve raises.
void NeedAlter(AccessList* list, RangeVar* name, LOCKMODE lock, AclMode privileges, bool missing_ok);

// Adds CREATE on the schema that a new relation would be in, unless nothing governs it. Who may not create there gets the server's error.
void NeedCreate(AccessList* list, Oid schema);

// Adds ADMIN of this database, when something in it is protected.
void NeedAdmin(AccessList* list);

// Adds an access to several relations, in the order of their OIDs.
void NeedOfEach(AccessList* list, List* relations, Command command);

// Raises the server's error for who has none of the privileges on the relation; none named: who does not own it.
void RequireAnyOf(Oid relation, AclMode privileges, const char* name);

// Raises the server's error for who may not create in the schema.
void RequireCreateIn(Oid schema);

// Resolves a name, locks the relation, and pins the name. Who has none of the privileges (RequireAnyOf) gets the server's own error before any
// lock. Returns InvalidOid for a missing relation with RVR_MISSING_OK in flags.
Oid Resolve(RangeVar* name, LOCKMODE lock, AclMode privileges, uint32 flags);

// Whether Resolve takes the locks. Set for each collection.
bool IsLocking();
void SetLocking(bool on);

// Rewrites a RangeVar so that it leads to the relation, and holds its schema's name.
void Pin(RangeVar* name, Oid relation);

// Pins the name of a new relation; a view's name is only held: the view may turn out to be temporary. Returns the schema that the relation
// would be in; none for a temporary one.
Oid ResolveNew(RangeVar* name, bool of_view = false);

// The object that a COMMENT or a DROP names, with its relation's schema written into *object; no object when it is missing.
ObjectAddress ResolveObject(ObjectType type, Node** object, LOCKMODE lock, bool missing_ok);

// The relations that an object is part of: itself, the table of a trigger, rule, policy, default or statistics object, both ends of a foreign key.
//   created   by this command, so that no snapshot of the catalogues shows it yet
List* RelationsOf(Oid class_id, Oid object, bool created = false);

// Whether a rule is the query of a view.
bool IsQueryOfView(Oid rule, Oid view);

// Calls visit(Form_pg_class) for each table, view, materialized or foreign table.
template <class Visit>
void ForEachRelation(Visit visit) {
    Relation classes = table_open(RelationRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(classes, InvalidOid, false, nullptr, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = systable_getnext(scan))) {
        Form_pg_class row = Form_pg_class(GETSTRUCT(tuple));
        if (row->oid >= FirstNormalObjectId && strchr("rpvmf", row->relkind) != nullptr)
            visit(row);
    }
    systable_endscan(scan);
    table_close(classes, AccessShareLock);
}

// The tables, views, materialized and foreign tables of the schemas.
List* RelationsIn(List* schemas);

// --- what families ask of each other ---

// utility_create.cpp

// Foreign keys are named in constraints of tables and columns; what is there already is looked up in both. CREATE TABLE creates
// them by statements of its own, where they are pinned.
void NeedOfReferenced(AccessList* list, Constraint* constraint, bool creating);
void NeedOfConstraints(AccessList* list, List* constraints, bool creating);

// Adds the default partition: its rows are looked through for those that belong into the new one.
void NeedOfDefaultPartition(AccessList* list, Oid parent);

// Adds the relations that use the function: another body under a trigger, an index or a view's query makes another thing of the relation.
void NeedOfCallers(Oid function, AccessList* list);

// utility_admin.cpp

// Adds ADMIN when a foreign table on this server is a file of the server; nothing when the OID is invalid.
void NeedOfFiles(Oid server, AccessList* list);

// Adds ADMIN when a function or a block with these options is in an untrusted language.
void NeedOfLanguage(List* options, AccessList* list);

// utility_drop.cpp

// Adds what goes with the object by CASCADE.
void NeedOfDependents(Oid class_id, Oid object, int32 sub_id, AccessList* list);

// The relations that use the object, however deep: in a trigger, an index, a default, a policy or a view's query.
List* RelationsThatUse(Oid class_id, Oid object);

// The tables with a column of the type, however deep it lies in the column's type.
List* TablesOfType(Oid type);

}    // namespace warrant
