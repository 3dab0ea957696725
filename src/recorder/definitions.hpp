// Definitions of policies and webhooks, which sessions change in transactions of their own. They leave rows about it, which the recorder seals when
// those transactions are committed.
#pragma once

#include "pg/server.hpp"

namespace warrant {

constexpr int64 definitions_every_us = 5000000;    // so often they are looked at unasked

// Settles whether this batch looks at definitions, once for all chores that do, and before their snapshots are taken: what commits meanwhile is told
// to the next batch.
void BeginLook();

// Mends stored values that an earlier release lets in, as soon as they are there, before they are used. In the batch's transaction, with SPI.
void MendStored();

// Seals what definition functions left, as far as it is committed, and has the policies' names follow renames. In the batch's transaction, with SPI.
void SealDefinitions();

}    // namespace warrant
