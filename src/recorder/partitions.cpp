#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/installation.hpp"
#include "recorder/partitions.hpp"

namespace warrant {

namespace {

const char* const parents[] = {"audit_log", "audit_text"};

struct Coverage {
    Stretch stretch;
    bool covered;
};

Oid OwnTable(const char* name) {
    Oid relation = get_relname_relid(name, get_namespace_oid(schema_name, false));
    if (!OidIsValid(relation))
        ereport(ERROR, (errcode(error_unavailable), errmsg("table \"%s\" of the audit log is missing", name)));
    return relation;
}

// A bound without a value stands for the beginning or the end of time.
TimestampTz BoundAt(const PartitionBoundInfoData* bounds, int i) {
    PartitionRangeDatumKind kind = bounds->kind[i][0];
    return kind == PARTITION_RANGE_DATUM_MINVALUE   ? DT_NOBEGIN
           : kind == PARTITION_RANGE_DATUM_MAXVALUE ? DT_NOEND
                                                    : DatumGetTimestampTz(bounds->datums[i][0]);
}

// The partition, or the hole, in which the moment lies. The table between two bounds is the one that ends with the second.
Coverage CoverageAt(Relation parent, TimestampTz moment) {
    PartitionDesc partitions = RelationGetPartitionDesc(parent, true);
    const PartitionBoundInfoData* bounds = partitions->boundinfo;
    Coverage found = {Stretch{DT_NOBEGIN, DT_NOEND}, false};
    if (bounds == nullptr)
        return found;
    if (partition_bound_has_default(bounds))
        return Coverage{found.stretch, true};
    for (int i = 0; i < bounds->ndatums; i++) {
        TimestampTz bound = BoundAt(bounds, i);
        if (moment < bound)
            return Coverage{Stretch{found.stretch.from, bound}, bounds->indexes[i] >= 0};
        found.stretch.from = bound;
    }
    return found;
}

Coverage CoverageAt(const char* parent, TimestampTz moment) {
    Relation relation = table_open(OwnTable(parent), AccessShareLock);
    Coverage found = CoverageAt(relation, moment);
    table_close(relation, AccessShareLock);
    return found;
}

struct Day {
    int year, month, day;
};

Day DayOf(TimestampTz moment) {
    int64 days = moment / USECS_PER_DAY - (moment % USECS_PER_DAY < 0);
    Day day;
    j2date(int(days) + POSTGRES_EPOCH_JDATE, &day.year, &day.month, &day.day);
    return day;
}

TimestampTz BeginOfMonth(Day day, int ahead) {
    int months = day.year * MONTHS_PER_YEAR + day.month - 1 + ahead;
    return int64(date2j(months / MONTHS_PER_YEAR, months % MONTHS_PER_YEAR + 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

// The moment as a literal that no setting reads otherwise.
char* Literal(TimestampTz moment) {
    Day day = DayOf(moment);
    int64 rest = moment - int64(date2j(day.year, day.month, day.day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
    return psprintf("'%04d-%02d-%02d %02d:%02d:%02d.%06d+00'", day.year, day.month, day.day, int(rest / USECS_PER_HOUR),
                    int(rest / USECS_PER_MINUTE % 60), int(rest / USECS_PER_SEC % 60), int(rest % USECS_PER_SEC));
}

// A month's name; that of a part of one, or of a month whose name another partition has, tells its beginning as well.
char* FreeName(const char* parent, Day month, Stretch stretch, bool whole) {
    Oid schema = get_namespace_oid(schema_name, false);
    char* name = psprintf("%s_%04d_%02d", parent, month.year, month.month);
    if (whole && !OidIsValid(get_relname_relid(name, schema)))
        return name;
    for (int again = 1;; again++) {
        Day day = DayOf(stretch.from);
        char* part =
            psprintf("%s_%02d%02d_%d", name, day.day, int((stretch.from % USECS_PER_DAY + USECS_PER_DAY) % USECS_PER_DAY / USECS_PER_HOUR), again);
        if (!OidIsValid(get_relname_relid(part, schema)))
            return part;
    }
}

// Makes a partition standalone first and attaches it then, which waits behind no reader.
void MakePartition(const char* parent, const char* name, Stretch stretch) {
    SPI_execute(psprintf("CREATE TABLE warrant.%s (LIKE warrant.%s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)", name, parent), false, 0);
    SPI_execute(psprintf("ALTER TABLE warrant.%s ATTACH PARTITION warrant.%s FOR VALUES FROM (%s) TO (%s)", parent, name, Literal(stretch.from),
                         Literal(stretch.until)),
                false, 0);
    SPI_execute(psprintf("GRANT SELECT ON warrant.%s TO warrant_auditor", name), false, 0);
    if (!creating_extension)    // inside CREATE EXTENSION it is a member already
        SPI_execute(psprintf("ALTER EXTENSION pg_warrant ADD TABLE warrant.%s", name), false, 0);
}

void FillMonth(const char* parent, TimestampTz from, TimestampTz until) {
    for (TimestampTz moment = from; moment < until;) {
        Coverage found = CoverageAt(parent, moment);
        TimestampTz end = found.stretch.until < until ? found.stretch.until : until;
        bool whole = moment == from && end == until;
        if (!found.covered)
            MakePartition(parent, FreeName(parent, DayOf(from), Stretch{moment, end}, whole), Stretch{moment, end});
        moment = end;
    }
}

}    // namespace

Stretch PartitionsAround(TimestampTz moment) {
    Stretch around = {DT_NOBEGIN, DT_NOEND};
    for (const char* parent : parents) {
        Coverage found = CoverageAt(parent, moment);
        if (!found.covered)
            return {moment, moment};
        around.from = found.stretch.from > around.from ? found.stretch.from : around.from;
        around.until = found.stretch.until < around.until ? found.stretch.until : around.until;
    }
    return around;
}

void MakePartitions(TimestampTz moment, int months_ahead) {
    Day day = DayOf(moment);
    for (const char* parent : parents)
        for (int ahead = 0; ahead <= months_ahead; ahead++)
            FillMonth(parent, BeginOfMonth(day, ahead), BeginOfMonth(day, ahead + 1));
}

void KeepPartitions(TimestampTz moment) {
    (void)set_config_option("session_replication_role", "replica", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
    MakePartitions(moment, months_kept_ahead);
}

}    // namespace warrant
