#include "courier/secrets.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace warrant {

namespace {

constexpr size_t most_bytes = 64 * 1024;

// Wipes what the file held.
struct Text {
    std::string bytes;
    ~Text() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0)
            close(number);
    }
};

std::string SystemError() { return std::error_code(errno, std::generic_category()).message(); }

// Judges the open file, not its name: the file cannot be exchanged in between.
std::string Judge(int file) {
    struct stat state;
    if (fstat(file, &state) != 0)
        return SystemError();
    if (!S_ISREG(state.st_mode))
        return "it is not a regular file";
    if (state.st_uid != geteuid())
        return "it does not belong to the server's user";
    if ((state.st_mode & 0177) != 0)
        return "its mode must be 0600 or less";
    return state.st_size > off_t(most_bytes) ? "it is too large" : "";
}

std::string ReadAll(int file, std::string* bytes) {
    bytes->resize(most_bytes);
    size_t size = 0;
    for (ssize_t got; size < most_bytes && (got = read(file, bytes->data() + size, most_bytes - size)) != 0; size += size_t(got))
        if (got < 0)
            return SystemError();
    bytes->resize(size);
    return "";
}

std::string_view Trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    size_t first = text.find_first_not_of(blanks);
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}    // namespace

std::string Secrets::Parse(std::string_view text) {
    std::string wrong;
    for (int number = 1; !text.empty(); number++) {
        size_t end = text.find('\n');
        std::string_view line = Trimmed(text.substr(0, end));
        text = end == text.npos ? std::string_view() : text.substr(end + 1);
        if (line.empty() || line.front() == '#')
            continue;
        size_t equals = line.find('=');
        std::string_view name = equals == line.npos ? std::string_view() : Trimmed(line.substr(0, equals));
        std::optional<core::WebhookKey> key;
        if (!name.empty())
            key = core::WebhookKey::Parse(Trimmed(line.substr(equals + 1)));
        if (key)
            keys_[std::string(name)].push_back(std::move(*key));
        else if (wrong.empty())
            wrong = "line " + std::to_string(number) + " is not \"name = whsec_...\"";
    }
    return wrong;
}

std::string Secrets::Read(const std::string& path) {
    keys_.clear();
    is_set_ = !path.empty();
    was_read_ = false;
    problem_ = is_set_ ? ReadFile(path) : "";
    return problem_;
}

std::string Secrets::WhyNone(std::string_view name) const {
    if (!is_set_)
        return "pg_warrant.secret_file is not set";
    if (!was_read_)
        return "the file of pg_warrant.secret_file cannot be used: " + problem_;
    return "pg_warrant.secret_file has no key named \"" + std::string(name) + "\"" + (problem_.empty() ? "" : ", and " + problem_);
}

std::string Secrets::ReadFile(const std::string& path) {
    Descriptor file = {open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.number < 0)
        return SystemError();
    std::string problem = Judge(file.number);
    if (!problem.empty())
        return problem;
    Text text;
    problem = ReadAll(file.number, &text.bytes);
    was_read_ = problem.empty();
    return was_read_ ? Parse(text.bytes) : problem;
}

std::span<const core::WebhookKey> Secrets::Find(std::string_view name) const {
    auto found = keys_.find(name);
    return found == keys_.end() ? std::span<const core::WebhookKey>() : std::span<const core::WebhookKey>(found->second);
}

}    // namespace warrant
