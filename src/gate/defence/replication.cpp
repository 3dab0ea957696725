#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/log.hpp"
#include "pg/rights.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "queue/origin.hpp"
#include "queue/rate.hpp"
#include "queue/ring.hpp"
#include "gate/defence/replication.hpp"

namespace warrant {

namespace {

ClientAuthentication_hook_type previous_authentication;

// Whether the role is listed, or a member of a listed role through whatever memberships; a superuser counts only by name.
bool IsListedForReplication(Oid role) {
    if (IsListed(settings.replication_roles, "*"))
        return true;
    ListCell* cell;
    foreach (cell, NamesIn(settings.replication_roles)) {
        Oid listed = get_role_oid(static_cast<char*>(lfirst(cell)), true);
        if (OidIsValid(listed) && is_member_of_role_nosuper(role, listed))
            return true;
    }
    return false;
}

// Why the server will refuse the session when it begins it, after this hook: nothing is recorded as allowed that the server refuses. nullptr when
// it will not.
const char* WhyServerRefuses(const Port* port, Oid role) {
    HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
    if (!HeapTupleIsValid(tuple))
        return nullptr;
    Form_pg_authid row = Form_pg_authid(GETSTRUCT(tuple));
    const char* why = !row->rolcanlogin                        ? "the role may not log in"
                      : !row->rolsuper && !row->rolreplication ? "the role has no REPLICATION attribute"
                                                               : nullptr;
    ReleaseSysCache(tuple);
    if (why != nullptr || !am_db_walsender)
        return why;
    Oid database = get_database_oid(port->database_name, true);
    return !OidIsValid(database) ? "there is no such database" : !MayConnect(database, role) ? "the role may not connect to the database" : nullptr;
}

void Record(Event event, Oid role, const char* kind) {
    EntryHeader header = {};
    header.kind = EntryKind::Audit;
    header.fields.event = event;
    header.fields.occurred_at = GetCurrentTimestamp();
    FillOriginOfConnection(&header.origin, role);
    EntryParts parts = {};
    parts.arguments = kind;
    parts.arguments_size = strlen(kind);
    EnqueueEverywhere(&header, &parts);
}

void OnConnection(Port* port) {
    Oid role = get_role_oid(port->user_name, true);
    const char* kind = am_db_walsender ? "logical replication connection" : "physical replication connection";
    bool listed = OidIsValid(role) && IsListedForReplication(role);
    if (!AwaitTurn(role))
        ereport(FATAL,
                (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED), errmsg("role \"%s\" opens too many replication connections at once", port->user_name),
                 errdetail("\"pg_warrant.refusal_rate\" limits what it can have recorded a second."),
                 errhint("Try again in %d s.", SecondsUntilTurn(role))));
    const char* why = listed ? WhyServerRefuses(port, role) : nullptr;
    if (why != nullptr) {
        Record(Event::Refused, role, psprintf("%s, which the server refuses: %s", kind, why));
        return;
    }
    Record(listed ? Event::Allowed : Event::Refused, role, kind);
    if (!listed)
        ereport(FATAL, (errcode(error_refused), errmsg("role \"%s\" may not open a replication connection", port->user_name),
                        errdetail("\"pg_warrant.replication_roles\" does not list it.")));
    LogAnyway([port, kind] { ereport(LOG, (errmsg("%s of role \"%s\"", kind, port->user_name))); });
}

void OnAuthentication(Port* port, int status) {
    if (previous_authentication != nullptr)
        previous_authentication(port, status);
    if (status == STATUS_OK)
        PublishConnection();
    if (am_walsender && status == STATUS_OK)
        OnConnection(port);
}

}    // namespace

void InstallReplication() {
    client_identity = ClientIdentity;
    client_address = ClientAddress;
    previous_authentication = ClientAuthentication_hook;
    ClientAuthentication_hook = OnAuthentication;
}

}    // namespace warrant
