#include "pg/server.hpp"

#include "pg/in_transaction.hpp"
#include "rules/installation.hpp"
#include "recorder/script.hpp"

namespace warrant {

SPIPlanPtr PreparedForScript(ScriptStatement* statement, const char* text, int parameter_count, Oid* types) {
    const char* schema = InternalSchema();
    if (statement->plan != nullptr && statement->schema == schema)
        return statement->plan;
    if (statement->plan != nullptr)
        SPI_freeplan(statement->plan);
    *statement = ScriptStatement{nullptr, schema};
    return Prepared(&statement->plan, psprintf(text, schema), parameter_count, types);
}

bool HasFunction(const char* name) {
    return OidIsValid(LookupFuncName(list_make2(makeString(pstrdup(InternalSchema())), makeString(pstrdup(name))), -1, nullptr, true));
}

int64 FirstInt64(int column) {
    bool is_null;
    return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &is_null));
}

}    // namespace warrant
