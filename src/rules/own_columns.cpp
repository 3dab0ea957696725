#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/own_columns.hpp"

namespace warrant {

// The search begins behind the column found before, because most stand in the table's order.
static int PlaceOf(const char* name, TupleDesc table, int begin) {
    for (int i = 0; i < table->natts; i++) {
        int place = (begin + i) % table->natts;
        const FormData_pg_attribute* column = TupleDescAttr(table, place);
        if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
            return place;
    }
    return -1;
}

void FindPlaces(const OwnColumns& columns, TupleDesc table, int16_t* places) {
    int last = -1;
    for (int i = 0; i < columns.count; i++) {
        const OwnColumn* column = reinterpret_cast<const OwnColumn*>(reinterpret_cast<const char*>(columns.first) + i * columns.step);
        places[i] = int16_t(PlaceOf(column->name, table, last + 1));
        if (places[i] < 0 && !column->added)
            ereport(ERROR, (errcode(error_unavailable), errmsg("the gate cannot read its rules"),
                            errdetail("Column \"%s\" of one of its tables is missing.", column->name)));
        last = places[i] < 0 ? last : places[i];
    }
}

void TakeOwn(const OwnColumns& columns, const int16_t* places, const Datum* values, const bool* nulls, OwnRow* row) {
    for (int i = 0; i < columns.count; i++) {
        row->nulls[i] = places[i] < 0 || nulls[places[i]];
        row->values[i] = row->nulls[i] ? Datum(0) : values[places[i]];
    }
}

}    // namespace warrant
