#include "core/duration_text.hpp"

#include "pg/server.hpp"

#include "pg/duration.hpp"
#include "pg/errors.hpp"

namespace warrant {

namespace {

constexpr const char* lacks_unit = "must have a unit";

// PG_TRY leaves nothing behind but the error: reading a text takes no resource.
Interval* ReadInterval(const char* text, int32 typmod) {
    MemoryContext context = CurrentMemoryContext;
    Interval* volatile interval = nullptr;
    PG_TRY();
    { interval = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(typmod))); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        FlushErrorState();
    }
    PG_END_TRY();
    return interval;
}

// What stands between the quotes of the string that begins here; nullptr when none does.
char* StringAt(const char* text) {
    if (*text == 'E' || *text == 'e')
        text++;
    char closing[NAMEDATALEN + 2] = "'";
    if (*text == '$') {
        size_t tag = strcspn(text + 1, "$'\" ") + 2;
        if (tag >= sizeof closing || text[tag - 1] != '$')
            return nullptr;
        strlcpy(closing, text, tag + 1);
    } else if (*text != '\'') {
        return nullptr;
    }
    const char* begin = text + strlen(closing);
    const char* end = strstr(begin, closing);
    return end == nullptr ? nullptr : pnstrdup(begin, end - begin);
}

// Whether the constant's text lacks a unit. A range (INTERVAL '15' MINUTE) is one. The place is one in this text only when what stands there is read
// as the same value: an inlined function's constants have places in its own text.
bool LacksUnit(const Const* value, const char* source) {
    if (value->consttype != INTERVALOID || value->constisnull || value->location < 0 || size_t(value->location) >= strlen(source) ||
        (value->consttypmod >= 0 && INTERVAL_RANGE(value->consttypmod) != INTERVAL_FULL_RANGE))
        return false;
    const char* text = StringAt(source + value->location);
    if (text == nullptr || !core::LacksUnit(text))
        return false;
    const Interval* same = ReadInterval(text, value->consttypmod);
    return same != nullptr && memcmp(same, DatumGetIntervalP(value->constvalue), sizeof *same) == 0;
}

}    // namespace

const char* ProblemOf(const Interval* interval) {
    if (IsInfinite(interval))
        return "must be finite";
    if (interval->month != 0)
        return "must not have months or years";
    bool negative = interval->day < 0 || interval->time<0, positive = interval->day> 0 || interval->time > 0;
    if (!positive)
        return "must be positive";
    if (negative)
        return "must not have negative parts";
    return Microseconds(interval) > longest_duration_us ? "must not exceed 1000 years" : nullptr;
}

int64 Microseconds(const Interval* interval) {
    int64 days, sum;
    bool overflow = pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days) || pg_add_s64_overflow(days, interval->time, &sum);
    return overflow ? PG_INT64_MAX : sum;
}

int64 MicrosecondsAsCompared(const Interval* interval) {
    __int128 sum = (__int128(interval->month) * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY + interval->time;
    return sum < USECS_PER_SEC ? USECS_PER_SEC : sum > longest_duration_us ? longest_duration_us : int64(sum);
}

Interval* IntervalOf(int64 microseconds) {
    Interval* interval = static_cast<Interval*>(palloc0(sizeof(Interval)));
    interval->time = microseconds;
    return interval;
}

void RequireDuration(const Interval* interval, const char* parameter) {
    const char* problem = ProblemOf(interval);
    if (problem == nullptr)
        return;
    bool calendar = interval->month != 0 && !IsInfinite(interval);
    ereport(ERROR, (errcode(error_bad_argument), errmsg("%s %s", parameter, problem),
                    calendar ? errhint("Months have no fixed length: give days or hours.") : 0));
}

bool ParseDuration(const char* text, int64* microseconds, const char** problem) {
    const Interval* interval = ReadInterval(text, -1);
    *problem = interval == nullptr ? "must be an interval" : core::LacksUnit(text) ? lacks_unit : ProblemOf(interval);
    *microseconds = *problem == nullptr ? Microseconds(interval) : 0;
    return *problem == nullptr;
}

void CheckUnits(const FuncExpr* call, const char* source) {
    ListCell* cell;
    foreach (cell, source == nullptr ? NIL : call->args) {
        const Node* argument = static_cast<const Node*>(lfirst(cell));
        if (IsA(argument, NamedArgExpr))
            argument = reinterpret_cast<const Node*>(reinterpret_cast<const NamedArgExpr*>(argument)->arg);
        if (!IsA(argument, Const) || !LacksUnit(reinterpret_cast<const Const*>(argument), source))
            continue;
        ereport(ERROR, (errcode(error_bad_argument), errmsg("a duration %s", lacks_unit), errdetail("A number alone would be seconds."),
                        errhint("Write it like '15 min' or '2 hours'.")));
    }
}

}    // namespace warrant
