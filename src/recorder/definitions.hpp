// Definitions of policies and webhooks, which sessions change in transactions of their own. They leave rows about it, which the recorder seals when
// those transactions are committed.
#pragma once

#include "pg/server.hpp"

namespace warrant {

constexpr int64 definitions_every_us = 5000000;    // so often they are looked at unasked

// Whether this batch looks at definitions is settled once for all that does, and before the snapshots of all: what commits meanwhile is told to
// the next one.
void BeginLook();

// What an earlier release lets in is mended as soon as it is there, before it is used. In the batch's transaction, with SPI.
void MendStored();

// Seals what definition functions left, as far as it is committed, and has the policies' names follow renames. In the batch's transaction, with SPI.
void SealDefinitions();

}    // namespace warrant
