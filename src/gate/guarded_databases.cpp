// Databases with policies, and those that must have the extension: who drops, renames or copies one leaves its gate behind.
#include "pg/server.hpp"

#include "pg/mutants.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "record/guards.hpp"
#include "gate/cluster.hpp"
#include "gate/databases.hpp"

namespace warrant {

namespace {

const char* NameOfDatabase(Node* utility) {
    switch (nodeTag(utility)) {
        case T_DropdbStmt: return reinterpret_cast<DropdbStmt*>(utility)->dbname;
        case T_RenameStmt: return reinterpret_cast<RenameStmt*>(utility)->subname;
        default: return TemplateOf(reinterpret_cast<CreatedbStmt*>(utility));
    }
}

}    // namespace

Guarded GuardedDatabasesOf(Node* utility) {
    const char* name = NameOfDatabase(utility);
    if (Mutant("guarded_databases"))
        return Guarded{nullptr, nullptr, Event::ConfigChanged, false};
    Oid database = get_database_oid(name, true);
    bool required = IsListed(settings.required_databases, name);    // under another name it would not be
    bool guarded = required || (OidIsValid(database) && HasPolicies(database));
    return Guarded{guarded ? psprintf("database \"%s\"", name) : nullptr,
                   required ? "\"pg_warrant.required_databases\" lists it." : "It has policies.", Event::ConfigChanged, OidIsValid(database)};
}

void DescribeDatabases(StringInfo words, Node* utility) {
    if (IsA(utility, CreatedbStmt))
        appendStringInfo(words, " %s TEMPLATE", quote_identifier(reinterpret_cast<CreatedbStmt*>(utility)->dbname));
    appendStringInfo(words, " %s", quote_identifier(NameOfDatabase(utility)));
    if (IsA(utility, RenameStmt))
        appendStringInfo(words, " RENAME TO %s", quote_identifier(reinterpret_cast<RenameStmt*>(utility)->newname));
}

}    // namespace warrant
