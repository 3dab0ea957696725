// Triggers that fire after the code that queued them: the ones below a foreign key's action, which fire at the end of the statement around it, and
// deferred ones. The user and the security context are the session's again by then; who acted when they were queued is kept here. And the triggers
// of tables that TRUNCATE reaches by CASCADE, which no switch of users tells apart from the statement's own.
//
// The server calls no hook where a trigger fires. While there are such notes, it is made to tell of each trigger function (own_tables.cpp), and the
// trigger's table says whether it is meant. A table that both the session and others have written is meant: nobody can tell which of them has
// written which of its rows.
#pragma once

#include "pg/server.hpp"

#include "pg/acting.hpp"

namespace warrant {

inline int queued_count = 0;
inline LocalTransactionId queued_in = InvalidLocalTransactionId;

// Whether the trigger functions of this transaction have to be told of.
inline bool AnyQueued() { return queued_count > 0 && queued_in == MyTransactionNumber(); }

// Whether all functions have to be told of: a constraint may compute expressions.
inline bool rechecks_queued = false;
inline bool AnyRechecks() { return rechecks_queued && AnyQueued(); }

// Called when a write of a foreign key's action starts, which leaves what it queues to the query around it; and when it is over.
void NoteKeyActionStarts(const QueryDesc* query);
void NoteKeyActionEnds(const QueryDesc* query);

// Notes what is written while somebody acts: its deferrable triggers may fire when that user does not act any more.
void NoteDeferrable(List* permissions, bool by_key);

// Notes that TRUNCATE ... CASCADE begins, in the current frame.
void NoteTruncate();

// The trigger function that has just started is called with this: lets those act for whom it fires.
void NoteFired(const TriggerData* trigger);

// A function has just started: lets those act whose constraint may compute it.
void NoteCalled();

void InstallQueued();

}    // namespace warrant
