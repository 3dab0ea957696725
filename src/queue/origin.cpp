#include "pg/server.hpp"

#include "pg/leader.hpp"
#include "pg/settings.hpp"
#include "rules/commands.hpp"
#include "rules/subject.hpp"
#include "queue/entry.hpp"
#include "queue/origin.hpp"
#include "queue/shared.hpp"

namespace warrant {

namespace {

Origin session;
bool session_known = false;

// What the leader of this parallel worker has published, or nullptr.
const Origin* LeaderConnection() {
    int leader = LeaderProcessIndex();
    const Origin* connection = leader < 0 ? nullptr : &MailboxOf(leader)->connection;
    return connection != nullptr && connection->pid == MyProc->lockGroupLeader->pid ? connection : nullptr;
}

// A parallel worker speaks for its leader's client.
void ReadConnection(Origin* origin) {
    if (const Origin* leader = LeaderConnection()) {
        origin->pid = leader->pid;
        origin->backend_start = leader->backend_start;
        strlcpy(origin->authn_id, leader->authn_id, sizeof origin->authn_id);
        strlcpy(origin->client_addr, leader->client_addr, sizeof origin->client_addr);
        return;
    }
    origin->pid = MyProcPid;
    origin->backend_start = MyStartTimestamp;
    const char* identity = AuthenticatedIdentity();
    strlcpy(origin->authn_id, identity == nullptr ? "" : identity, sizeof origin->authn_id);
    if (MyProcPort == nullptr)
        return;
    const SockAddr& address = MyProcPort->raddr;
    if (address.addr.ss_family == AF_UNIX)
        strlcpy(origin->client_addr, "[local]", sizeof origin->client_addr);
    else
        pg_getnameinfo_all(&address.addr, address.salen, origin->client_addr, sizeof origin->client_addr, nullptr, 0, NI_NUMERICHOST);
}

struct KnownDigest {
    char* text;
    int length;
    uint8_t digest[PG_SHA256_DIGEST_LENGTH];
};

constexpr int known_digests = 64;    // a power of two
constexpr int longest_known_text = 8192;
KnownDigest digests[known_digests];

void Sha256(const char* text, int length, uint8_t* digest) {
    pg_cryptohash_ctx* context = pg_cryptohash_create(PG_SHA256);
    bool failed = context == nullptr || pg_cryptohash_init(context) < 0 ||
                  pg_cryptohash_update(context, reinterpret_cast<const uint8_t*>(text), length) < 0 ||
                  pg_cryptohash_final(context, digest, PG_SHA256_DIGEST_LENGTH) < 0;
    pg_cryptohash_free(context);
    if (failed)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute the digest of a statement")));
}

uint64_t Mixed(uint64_t mix, const char* text) {
    uint64_t sample;
    memcpy(&sample, text, sizeof sample);
    return (mix ^ sample) * 0x9E3779B97F4A7C15;
}

// The place of a text, by its beginning, middle and end, which tell texts apart well enough; the comparison that follows is complete.
uint32_t SlotOf(const char* text, int length) {
    uint64_t mix = uint64_t(length);
    if (int last = length - int(sizeof mix); last >= 0)
        mix = Mixed(Mixed(Mixed(mix, text), text + last / 2), text + last);
    return uint32_t(mix >> 32) & (known_digests - 1);
}

}    // namespace

void PrepareOrigin() {
    if (session_known)
        return;
    session.authenticated_user = OidIsValid(GetAuthenticatedUserId()) ? GetAuthenticatedUserId() : GetSessionUserId();
    ReadConnection(&session);
    session_known = true;
}

void FillOriginOfConnection(Origin* origin, Oid role) {
    *origin = Origin{};
    origin->session_user = origin->current_user = origin->authenticated_user = role;
    ReadConnection(origin);
}

const char* ClientIdentity() {
    const Origin* leader = LeaderConnection();
    return leader != nullptr ? leader->authn_id : AuthenticatedIdentity();
}

const char* ClientAddress() {
    PrepareOrigin();
    return session.client_addr;
}

void PublishConnection() {
    Origin* connection = &MailboxOf(MyProcessIndex())->connection;
    *connection = Origin{};
    ReadConnection(connection);
}

void RenewOrigin(Origin* origin) {
    if (origin->pid == 0)
        *origin = session;
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    origin->session_user = CurrentSubject();
    origin->current_user = user;
    const char* name = application_name == nullptr ? "" : application_name;
    size_t size = strnlen(name, sizeof origin->application_name - 1);
    memcpy(origin->application_name, name, size);    // strlcpy would go byte by byte
    origin->application_name[size] = '\0';
}

void FillOrigin(Origin* origin) {
    *origin = session;
    RenewOrigin(origin);
}

void DigestOf(const char* text, int length, uint8_t digest[PG_SHA256_DIGEST_LENGTH]) {
    KnownDigest* known = &digests[SlotOf(text, length)];
    if (known->length == length && known->text != nullptr && memcmp(known->text, text, length) == 0) {
        memcpy(digest, known->digest, PG_SHA256_DIGEST_LENGTH);
        return;
    }
    Sha256(text, length, digest);
    if (length > longest_known_text)
        return;
    if (known->text != nullptr)
        pfree(known->text);
    known->text = nullptr;
    known->text = static_cast<char*>(MemoryContextAlloc(TopMemoryContext, length + 1));
    memcpy(known->text, text, length);
    known->length = length;
    memcpy(known->digest, digest, PG_SHA256_DIGEST_LENGTH);
}

int KeptLength(const char* text, int length) {
    return length <= settings.max_query_length ? length : pg_mbcliplen(text, length, settings.max_query_length);
}

}    // namespace warrant
