#include "pg/server.hpp"

#include "rules/installation.hpp"
#include "recorder/script.hpp"

namespace warrant {

bool HasFunction(const char* name) {
    return OidIsValid(LookupFuncName(list_make2(makeString(pstrdup(schema_name)), makeString(pstrdup(name))), -1, nullptr, true));
}

int64 FirstInt64(int column) {
    bool is_null;
    return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &is_null));
}

}    // namespace warrant
