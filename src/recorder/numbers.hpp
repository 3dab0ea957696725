// The numbers of policies, webhooks and rows, which are never given again.
#pragma once

namespace warrant {

// Called before the commit of the transaction that creates the extension: the numbers that it has taken stay taken through a crash.
void KeepNumbers();

}    // namespace warrant
