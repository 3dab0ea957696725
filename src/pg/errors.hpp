// The errors that a program can tell apart.
#pragma once

#include "pg/server.hpp"

// Errors of the gate have a domain of their own, which tells them from the server's.
#undef TEXTDOMAIN
#define TEXTDOMAIN "pg_warrant"

namespace warrant {

constexpr int error_refused = ERRCODE_INSUFFICIENT_PRIVILEGE;                         // 42501
constexpr int error_unavailable = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;           // 55000 the gate cannot decide or record
constexpr int error_ring_full = ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;                 // 53400
constexpr int error_no_slot = ERRCODE_INSUFFICIENT_RESOURCES;                         // 53000
constexpr int error_too_large = ERRCODE_PROGRAM_LIMIT_EXCEEDED;                       // 54000
constexpr int error_unknown_completion = ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN;    // 40003
constexpr int error_bad_argument = ERRCODE_INVALID_PARAMETER_VALUE;                   // 22023
constexpr int error_wrong_kind = ERRCODE_WRONG_OBJECT_TYPE;                           // 42809
constexpr int error_unknown_id = ERRCODE_NO_DATA_FOUND;                               // P0002
constexpr int error_wrong_state = ERRCODE_OBJECT_IN_USE;                              // 55006

}    // namespace warrant
