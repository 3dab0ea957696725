// Every change of the gate's settings in the configuration file, as the first process meets it: a value that the recorder finds changed back when
// it comes to look has been in force all the same. Written by any process, the postmaster too, without a lock.
#pragma once

#include "pg/server.hpp"

namespace warrant {

Size SettingChangesSize();
void CreateSettingChanges();    // in the shared memory start-up hook

// How many changes there were since the server started.
uint64_t SettingChanges();

// The changes after the first `since`, as JSON for warrant_internal.note_settings: [{"name", "value", "at", "last"}], the oldest first, values of
// names null; last tells that the setting has no later change. Settings that did not change follow as they are, without "at". At most the latest 256.
// *until: how many changes there were. In the current memory context.
char* SettingChangesAsJson(uint64_t since, uint64_t* until);

}    // namespace warrant
