// Who this process works for, and what it runs, as the audit names them.
#pragma once

#include "pg/server.hpp"

#include "queue/entry.hpp"

namespace warrant {

// Fills in the session; the part that cannot change is read once.
void FillOrigin(Origin* origin);

// Renews an origin that FillOrigin filled before, or that is all zeroes: only what has changed since is written.
void RenewOrigin(Origin* origin);

// Fills in the origin of a connection that has been authenticated as the role and not begun its session.
void FillOriginOfConnection(Origin* origin, Oid role);

// Leaves, for parallel workers that this process will have, who its client is: they have no connection of their own, and on 15 no identity.
void PublishConnection();

// As whom the server has authenticated the client; nullptr or empty when it has not.
const char* ClientIdentity();

// Where the client is, as Origin has it.
const char* ClientAddress();

// Lets FillOrigin do its part that may allocate now, so that later calls are safe in an abort.
void PrepareOrigin();

// SHA-256 over the whole text, computed once for a text that comes again. Raises XX000 when the server's digest fails.
void DigestOf(const char* text, int length, uint8_t digest[PG_SHA256_DIGEST_LENGTH]);

// The bytes of a text that the audit keeps: pg_warrant.max_query_length at most, cut at a character.
int KeptLength(const char* text, int length);

}    // namespace warrant
