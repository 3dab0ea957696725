// Notifications on the channel warrant, of requests and grants that have changed. They are sent when the commit is as safe as the configuration
// asks for, and once: a recorder that ends before takes them with it.
#pragma once

#include "pg/server.hpp"

namespace warrant {

// The batch that was just committed has changed requests or grants, in rows after a seq.
void NotifyOf(int64_t after_seq);

// Sends what is safe by now. In no transaction; never waits for a standby.
void NotifyDue();

// Whether a notification waits for a standby.
bool IsNoticeDue();

}    // namespace warrant
