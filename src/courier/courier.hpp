// The courier: one for each database that has webhooks. It sends what is queued for them and hands the answers to the recorder.
#pragma once

#include "pg/server.hpp"

extern "C" {
PGDLLEXPORT void warrant_courier_main(Datum argument);
}
