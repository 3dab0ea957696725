#include "pg/server.hpp"

#include "gate/check/apart_requests.hpp"

namespace warrant {

namespace {

bool AddPolicy(ApartRequests* apart, const Policy* policy) {
    if (apart->count == int(lengthof(apart->policies)))
        return false;
    apart->policies[apart->count++] = policy;
    return true;
}

int RankOf(const ApartRequests* apart, const Policy* policy) {
    int rank = 0;
    for (int i = 0; i < apart->count; i++)
        rank += apart->policies[i]->id < policy->id;
    return rank;
}

}    // namespace

int PlaceOf(const ApartRequests* apart, const Policy* policy) {
    int place = 0;
    while (place < apart->count && apart->policies[place]->id != policy->id)
        place++;
    return place;
}

// The policies come in the order of the accesses.
ApartRequests TellApart(const RefusedAccess* asked, int count, const char* answer) {
    ApartRequests apart = {};
    for (int i = 0; i < count; i++)
        if (PlaceOf(&apart, asked[i].policy) == apart.count && !AddPolicy(&apart, asked[i].policy))
            return ApartRequests{};
    const char* ids[lengthof(apart.ids)];
    int filed = 0;
    for (char* id = strtok(pstrdup(answer), ","); id != nullptr; id = strtok(nullptr, ",")) {
        if (filed == apart.count)
            return ApartRequests{};
        ids[filed++] = id;
    }
    for (int i = 0; i < apart.count && filed == apart.count; i++)
        apart.ids[i] = ids[RankOf(&apart, apart.policies[i])];
    return filed == apart.count ? apart : ApartRequests{};
}

}    // namespace warrant
