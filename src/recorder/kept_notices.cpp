#include "pg/server.hpp"

#include "recorder/kept_notices.hpp"

namespace warrant {

namespace {

struct Kept {
    int64_t seq;
    int64_t request_id;    // 0: none
    int64_t grant_id;      // 0: none
    char event[NAMEDATALEN];
};

constexpr int most_kept = 256;
Kept kept[most_kept];
int kept_count = 0;
int64_t kept_after = 0;

bool BeginsWith(const text* event, const char* prefix) {
    size_t size = strlen(prefix);
    return VARSIZE_ANY_EXHDR(event) >= size && memcmp(VARDATA_ANY(event), prefix, size) == 0;
}

const char* InJson(int64_t id) { return id == 0 ? "null" : psprintf(INT64_FORMAT, id); }

// Behind the row of the last approval is that of the grant that it made.
int64_t GrantOf(int from) {
    for (int i = from; i < kept_count && kept[i].request_id == kept[from].request_id; i++)
        if (kept[i].grant_id != 0)
            return kept[i].grant_id;
    return 0;
}

}    // namespace

void KeepNotice(int64_t seq, const text* event, int64_t request_id, int64_t grant_id) {
    if (!BeginsWith(event, "request_") && !BeginsWith(event, "grant_"))
        return;
    if (kept_count == most_kept)
        LeaveNotices(seq - 1);
    Kept* row = &kept[kept_count++];
    *row = Kept{seq, request_id, grant_id, {}};
    text_to_cstring_buffer(event, row->event, sizeof row->event);
}

void ForgetNotices(int64_t from_seq) {
    while (kept_count > 0 && kept[kept_count - 1].seq >= from_seq)
        kept_count--;
}

void LeaveNotices(int64_t until_seq) {
    kept_count = 0;
    kept_after = until_seq;
}

bool AreKept(int64_t after_seq) { return after_seq >= kept_after; }

void SendKept(int64_t after_seq, int64_t until_seq) {
    for (int i = 0; i < kept_count; i++)
        if (kept[i].seq > after_seq && kept[i].seq <= until_seq) {
            int64_t grant = strcmp(kept[i].event, "request_approved") == 0 ? GrantOf(i) : kept[i].grant_id;
            Async_Notify("warrant", psprintf("{\"event\" : \"%s\", \"request_id\" : %s, \"grant_id\" : %s}", kept[i].event,
                                             InJson(kept[i].request_id), InJson(grant)));
        }
}

void DropKept(int64_t until_seq) {
    if (kept_count > 0 && kept[kept_count - 1].seq <= until_seq)
        kept_count = 0;
}

}    // namespace warrant
