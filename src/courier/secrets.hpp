// The keys that webhooks are signed with: a file that only the server's user can read, `name = value` lines, several of one name while
// a key is being changed. Kept in the courier's memory alone; never in a table, a setting, a log line or an error.
#pragma once
#ifdef POSTGRES_H
#error "knows no server: include it before pg/server.hpp"
#endif

#include "core/standard_webhooks.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warrant {

class Secrets {
  public:
    // Reads the file in place of what was known; an empty path forgets everything. What is wrong with it, or empty: lower case, no full stop,
    // nothing of the contents. A file with a wrong line counts without that line; one that others can read or write does not count.
    // Throws only when memory is out.
    std::string Read(const std::string& path);

    // Why there is no key of this name: a phrase for an error, without the file's path.
    std::string WhyNone(std::string_view name) const;

    // The keys of a name, in the file's order; empty when there is none.
    std::span<const core::WebhookKey> Find(std::string_view name) const;

  private:
    std::string ReadFile(const std::string& path);
    std::string Parse(std::string_view text);

    bool is_set_ = false, was_read_ = false;
    std::string problem_;
    std::map<std::string, std::vector<core::WebhookKey>, std::less<>> keys_;
};

}    // namespace warrant
