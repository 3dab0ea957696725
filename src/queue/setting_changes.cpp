#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "queue/setting_changes.hpp"

namespace warrant {

namespace {

constexpr uint64_t places = 256;

// The number is written last: a reader that finds it unchanged afterwards knows that what it read in between is one change.
struct Change {
    pg_atomic_uint64 number;    // of this change, from 1; 0 while it is written
    pg_atomic_uint64 what;      // setting << 32 | value
    pg_atomic_uint64 at;        // a TimestampTz
};

struct Changes {
    pg_atomic_uint64 count;
    pg_atomic_uint64 values[watched_count];    // known: value + 1; 0: none yet
    Change latest[places];
};

Changes* changes = nullptr;

void Append(int setting, uint32_t value) {
    uint64_t number = pg_atomic_fetch_add_u64(&changes->count, 1) + 1;
    Change* change = &changes->latest[number % places];
    pg_atomic_write_u64(&change->number, 0);
    pg_write_barrier();
    pg_atomic_write_u64(&change->what, uint64_t(setting) << 32 | value);
    pg_atomic_write_u64(&change->at, uint64_t(GetCurrentTimestamp()));
    pg_write_barrier();
    pg_atomic_write_u64(&change->number, number);
}

// A process without a place of its own may have left the shared memory, and a parallel worker begins with the built-in values, so these tell
// nothing. Of the others, the first to meet a value tells of it.
void OnSetting(int setting, uint32_t value) {
    if ((IsUnderPostmaster && MyProc == nullptr) || InitializingParallelWorker)
        return;
    uint64_t known = pg_atomic_read_u64(&changes->values[setting]), mine = uint64_t(value) + 1;
    while (known != mine)
        if (pg_atomic_compare_exchange_u64(&changes->values[setting], &known, mine)) {
            if (known != 0)
                Append(setting, value);
            return;
        }
}

// Reads a change. False when it is not there any more, or not yet.
bool Read(uint64_t number, uint64_t* what, TimestampTz* at) {
    Change* change = &changes->latest[number % places];
    bool there = pg_atomic_read_u64(&change->number) == number;
    pg_read_barrier();
    *what = pg_atomic_read_u64(&change->what);
    *at = TimestampTz(pg_atomic_read_u64(&change->at));
    pg_read_barrier();
    return there && pg_atomic_read_u64(&change->number) == number;
}

void AppendChange(StringInfo json, uint64_t what, TimestampTz at, bool last) {
    int setting = int(what >> 32);
    appendStringInfo(json, "%s{\"name\":\"%s\",\"last\":%s,", json->len > 1 ? "," : "", watched[setting].name, last ? "true" : "false");
    if (at != 0)
        appendStringInfo(json, "\"at\":\"%s\",", timestamptz_to_str(at));
    appendStringInfoString(json, "\"value\":");
    if (const char* value = WatchedValue(setting, uint32_t(what)))
        escape_json(json, value);
    else
        appendStringInfoString(json, "null");
    appendStringInfoChar(json, '}');
}

}    // namespace

Size SettingChangesSize() { return sizeof(Changes); }

void CreateSettingChanges() {
    bool found;
    changes = static_cast<Changes*>(ShmemInitStruct("pg_warrant settings", sizeof(Changes), &found));
    if (!found) {
        pg_atomic_init_u64(&changes->count, 0);
        for (pg_atomic_uint64& value : changes->values)
            pg_atomic_init_u64(&value, 0);
        for (Change& change : changes->latest) {
            pg_atomic_init_u64(&change.number, 0);
            pg_atomic_init_u64(&change.what, 0);
            pg_atomic_init_u64(&change.at, 0);
        }
        ForEachWatched([](int setting, uint32_t value) { pg_atomic_write_u64(&changes->values[setting], uint64_t(value) + 1); });
    }
    on_setting = OnSetting;
}

uint64_t SettingChanges() { return pg_atomic_read_u64(&changes->count); }

char* SettingChangesAsJson(uint64_t since, uint64_t* until) {
    uint64_t count = SettingChanges(), what[places];
    TimestampTz at[places];
    int found = 0;
    bool told[watched_count] = {};
    for (uint64_t number = count - since > places ? count - places + 1 : since + 1; number <= count; number++)
        found += Read(number, &what[found], &at[found]);
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '[');
    for (int i = 0; i < found; i++) {
        bool last = true;
        for (int j = i + 1; j < found; j++)
            last = last && (what[j] >> 32) != (what[i] >> 32);
        told[what[i] >> 32] = true;
        AppendChange(&json, what[i], at[i], last);
    }
    for (int i = 0; i < watched_count; i++)
        if (uint64_t value = pg_atomic_read_u64(&changes->values[i]); !told[i] && value != 0)
            AppendChange(&json, uint64_t(i) << 32 | (value - 1), 0, true);
    appendStringInfoChar(&json, ']');
    *until = count;
    return json.data;
}

}    // namespace warrant
