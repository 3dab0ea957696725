// Databases with policies, and those that must have the extension: whoever drops, renames or copies one leaves its gate behind. In a database
// that nobody may enter no recorder starts that could tell what is guarded there.
#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "queue/guards.hpp"
#include "gate/defence/cluster.hpp"
#include "gate/defence/databases.hpp"

namespace warrant {

namespace {

const char* NameOfDatabase(Node* utility) {
    switch (nodeTag(utility)) {
        case T_DropdbStmt: return reinterpret_cast<DropdbStmt*>(utility)->dbname;
        case T_RenameStmt: return reinterpret_cast<RenameStmt*>(utility)->subname;
        case T_AlterDatabaseStmt: return reinterpret_cast<AlterDatabaseStmt*>(utility)->dbname;
        default: return TemplateOf(reinterpret_cast<CreatedbStmt*>(utility));
    }
}

bool ClosesDatabase(const AlterDatabaseStmt* alter) {
    ListCell* cell;
    foreach (cell, alter->options)
        if (DefElem* option = lfirst_node(DefElem, cell); strcmp(option->defname, "allow_connections") == 0)
            return !defGetBoolean(option);
    return false;
}

}    // namespace

Guarded GuardedDatabasesOf(Node* utility) {
    const char* name = NameOfDatabase(utility);
    if (IsA(utility, AlterDatabaseStmt) && !ClosesDatabase(reinterpret_cast<AlterDatabaseStmt*>(utility)))
        return Guarded{nullptr, nullptr, Event::ConfigChanged, false};
    Oid database = get_database_oid(name, true);
    // Under another name it would not be required any more.
    bool required = IsListed(settings.required_databases, name);
    bool guarded = required || (OidIsValid(database) && HasPolicies(database));
    return Guarded{guarded ? psprintf("database \"%s\"", name) : nullptr,
                   required ? "\"pg_warrant.required_databases\" lists it." : "It has policies.", Event::ConfigChanged, OidIsValid(database)};
}

void DescribeDatabases(StringInfo words, Node* utility) {
    if (IsA(utility, CreatedbStmt))
        appendStringInfo(words, " %s TEMPLATE", Quoted(reinterpret_cast<CreatedbStmt*>(utility)->dbname));
    appendStringInfo(words, " %s", Quoted(NameOfDatabase(utility)));
    if (IsA(utility, RenameStmt))
        appendStringInfo(words, " RENAME TO %s", Quoted(reinterpret_cast<RenameStmt*>(utility)->newname));
    if (IsA(utility, AlterDatabaseStmt))
        appendStringInfoString(words, " ALLOW_CONNECTIONS false");
}

}    // namespace warrant
