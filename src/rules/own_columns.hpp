// Columns of our own tables, found by name: update scripts add columns, and an older script has fewer.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// A column that the gate reads.
struct OwnColumn {
    const char* name;
    bool added = false;    // an older script has no such column, which then reads as NULL
};

// Those of one table, in the order in which code counts them. An array of columns is such a list.
struct OwnColumns {
    const OwnColumn* first;
    int count;
    Size step;    // bytes from one to the next, which may be parts of something larger

    OwnColumns() = default;
    constexpr OwnColumns(const OwnColumn* first, int count, Size step) : first(first), count(count), step(step) {}
    template <int size>
    constexpr OwnColumns(const OwnColumn (&columns)[size]) : OwnColumns(columns, size, sizeof(OwnColumn)) {}
};

constexpr int most_own_columns = 64;

// A row, as code counts its columns.
struct OwnRow {
    Datum values[most_own_columns];
    bool nulls[most_own_columns];
};

// Where the columns stand in the table, from 0; -1 where an older script has none. Raises 55000 when one is missing that every script has.
void FindPlaces(const OwnColumns& columns, TupleDesc table, int16_t* places);

// Takes from a row, as the table has it, what the gate reads.
void TakeOwn(const OwnColumns& columns, const int16_t* places, const Datum* values, const bool* nulls, OwnRow* row);

}    // namespace warrant
