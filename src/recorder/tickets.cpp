#include "pg/server.hpp"

#include "rules/committed.hpp"
#include "rules/conditions/ticket.hpp"
#include "rules/installation.hpp"
#include "recorder/tickets.hpp"

namespace warrant {

namespace {

const char* ReadTicket(const char* table, const char* index, int64_t id) {
    static constexpr OwnColumn of_ticket[] = {{"ticket", true}};
    Oid schema = RequireInstallation()->schema;
    const char* ticket = nullptr;
    CommittedScan scan;
    BeginOwn(
        &scan, of_ticket, get_relname_relid(table, schema), [schema, index] { return get_relname_relid(index, schema); }, Rows::OfTransaction);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
    ForEachCommitted(&scan, &key, 1, [&ticket](Datum* values, bool* nulls) { ticket = nulls[0] ? nullptr : TextDatumGetCString(values[0]); });
    EndCommitted(&scan);
    return ticket;
}

struct KnownTicket {
    int64_t grant_id;
    char ticket[most_ticket_bytes + 1];
};

// The last grants of which statements were sealed; 0 is a free place.
KnownTicket known_tickets[64];

const char* TicketOfGrant(int64_t grant_id) {
    KnownTicket* known = &known_tickets[uint64_t(grant_id) % lengthof(known_tickets)];
    if (known->grant_id != grant_id) {
        const char* ticket = ReadTicket("grants", "grants_pkey", grant_id);
        strlcpy(known->ticket, ticket == nullptr ? "" : ticket, sizeof known->ticket);
        known->grant_id = grant_id;
    }
    return known->ticket[0] == '\0' ? nullptr : known->ticket;
}

}    // namespace

const char* TicketNow(int64_t grant_id, int64_t request_id) {
    const char* ticket = grant_id == 0 ? nullptr : ReadTicket("grants", "grants_pkey", grant_id);
    return ticket != nullptr || request_id == 0 ? ticket : ReadTicket("requests", "requests_pkey", request_id);
}

const char* TicketOf(int64_t grant_id, int64_t request_id) {
    return grant_id != 0 ? TicketOfGrant(grant_id) : request_id != 0 ? TicketNow(0, request_id) : nullptr;
}

}    // namespace warrant
