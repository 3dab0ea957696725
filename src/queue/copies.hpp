// Copies of a database with the extension, which whoever may CREATE DATABASE makes from a template. One that neither belongs to an administrator
// of the gate nor has been adopted gets no recorder: it would take its slot from the others. What its policies protect stays shut.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// Whether this database is such a copy. In the recorder, in a transaction with SPI.
bool IsCopyOfOthers();

// An administrator adopts the copy: its recorder may start now.
void AdmitCopy(Oid database);
bool IsAdmitted(Oid database);

// Notes that the copy's recorder has been turned away: for ten seconds nobody asks for another one for each of its statements.
void TurnAway(Oid database);
void AskForRecorder(Oid database);

}    // namespace warrant
