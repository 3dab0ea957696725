#include "pg/server.hpp"

#include "rules/invalidation.hpp"

namespace warrant {

uint32_t decision_generation = 1;
uint32_t policy_generation = 1;
bool installation_invalid = true;
uint32_t installation_generation = 1;
bool listening_for_invalidations = false;

}    // namespace warrant
