#include "pg/server.hpp"

#include "pg/settings.hpp"
#include "pg/worker.hpp"
#include "rules/grants.hpp"
#include "queue/replicated.hpp"
#include "recorder/kept_notices.hpp"
#include "recorder/notices.hpp"
#include "recorder/script.hpp"
#include "recorder/state.hpp"

namespace warrant {

namespace {

// From the log, for more rows than are kept.
void SendLogged(int64_t after_seq, int64_t until_seq) {
    static ScriptStatement notify;
    Oid types[] = {INT8OID, INT8OID};
    Datum values[] = {Int64GetDatum(after_seq), Int64GetDatum(until_seq)};
    SPIPlanPtr plan =
        PreparedForScript(&notify,
                          "SELECT pg_notify('warrant', json_build_object('event', l.event, 'request_id', l.request_id, 'grant_id', CASE l.event"
                          " WHEN 'request_approved' THEN (SELECT r.grant_id FROM warrant.requests r WHERE r.id = l.request_id) ELSE l.grant_id "
                          "END)::text) FROM warrant.audit_log l"
                          " WHERE (SELECT %s.is_home()) AND l.seq > $1 AND l.seq <= $2 AND (l.event LIKE 'request\\_%%' OR l.event LIKE 'grant\\_%%')"
                          " ORDER BY l.seq",
                          2, types);
    SPI_execute_plan(plan, values, nullptr, false, 0);
}

// Whether the database is no copy. While its recorder runs it can become one only by the configuration, or by a restore.
bool IsAtHome() {
    static Oid known_of = InvalidOid;
    static int known_in = 0;
    bool known = known_of == self.extension && known_in == configuration_reads && !settings.allow_restore;
    if (known || AreAtHome()) {
        known_of = self.extension;
        known_in = configuration_reads;
        return true;
    }
    known_of = InvalidOid;
    return false;
}

// Notifies in a transaction of its own: a full notification queue must not stop the recorder. Nothing of it outlives a crash, so it waits for
// no disk.
void Notify(int64_t after_seq, int64_t until_seq) {
    (void)InTransaction("notifying", [after_seq, until_seq] {
        CommitWithoutFlush();
        if (!AreKept(after_seq))
            SendLogged(after_seq, until_seq);
        else if (IsAtHome())
            SendKept(after_seq, until_seq);
    });
}

}    // namespace

bool IsNoticeDue() { return self.due.until > self.notified; }

void NotifyDue() {
    while (IsNoticeDue() && IsReplicated(self.due.position)) {
        Notify(self.notified, self.due.until);
        self.notified = self.due.until;
        DropKept(self.notified);
        self.due = self.latest;
    }
}

void NotifyOf(int64_t after_seq) {
    self.latest = Notice{self.sealed.last_seq, self.flushed};
    if (!IsNoticeDue()) {
        self.notified = after_seq;
        self.due = self.latest;
    }
    NotifyDue();
}

}    // namespace warrant
