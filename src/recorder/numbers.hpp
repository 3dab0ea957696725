// The numbers of policies, webhooks and rows, which are never given again.
#pragma once

namespace warrant {

// Before the commit of the transaction that creates the extension: what it has taken stays taken through a crash.
void KeepNumbers();

}    // namespace warrant
