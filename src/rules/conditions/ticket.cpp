#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "pg/words.hpp"
#include "rules/conditions/ticket.hpp"

namespace warrant {

namespace {

constexpr int most_pattern_bytes = 200;
constexpr int most_states = 500;
constexpr int most_arcs = 5000;

// Without captures there is nothing to do after the automaton, whose time grows with the text's length alone.
constexpr int compile_flags = REG_ADVANCED | REG_NOSUB;

struct Characters {
    pg_wchar* text;
    int length;
};

Characters CharactersOf(const char* text) {
    int bytes = int(strlen(text));
    Characters characters = {static_cast<pg_wchar*>(palloc((bytes + 1) * sizeof(pg_wchar))), 0};
    characters.length = pg_mb2wchar_with_len(text, characters.text, bytes);
    return characters;
}

// The result of the compilation; expression is to be freed after REG_OKAY alone.
int Compile(const char* pattern, regex_t* expression) {
    Characters characters = CharactersOf(pattern);
    int result = pg_regcomp(expression, characters.text, characters.length, compile_flags, C_COLLATION_OID);
    pfree(characters.text);
    CHECK_FOR_INTERRUPTS();    // of which the compiler may have given up
    return result;
}

const char* WholeOf(const char* pattern) { return psprintf("^(?:%s)$", pattern); }

bool IsSmall(const regex_t* expression) {
    int states = pg_reg_getnumstates(expression), arcs = 0;
    for (int state = 0; state < states && states <= most_states; state++)
        arcs += pg_reg_getnumoutarcs(expression, state);
    return states <= most_states && arcs <= most_arcs;
}

// What is wrong with the expression, or nullptr.
const char* ProblemOf(const char* pattern) {
    regex_t expression;
    int result = Compile(pattern, &expression);
    if (result != REG_OKAY) {
        char words[100];
        pg_regerror(result, &expression, words, sizeof words);
        return pstrdup(words);
    }
    bool looks_elsewhere = (expression.re_info & (REG_UBACKREF | REG_ULOOKAROUND)) != 0, is_small = IsSmall(&expression);
    pg_regfree(&expression);
    return looks_elsewhere ? "it has a back reference, or looks around" : is_small ? nullptr : "it is too complex";
}

// Blanks at its ends, and what cannot be seen, are likely slips.
bool IsPrintable(const char* text) {
    for (const char* byte = text; *byte != '\0'; byte++)
        if (uint8_t(*byte) < ' ' || *byte == 0x7F)
            return false;
    return true;
}

}    // namespace

void RequireTicketPattern(const char* pattern) {
    size_t size = strlen(pattern);
    if (size == 0 || size > size_t(most_pattern_bytes) || !IsPrintable(pattern))
        ereport(ERROR,
                (errcode(error_bad_argument), errmsg("a ticket_pattern has between 1 and %d bytes, and no control characters", most_pattern_bytes)));
    const char* problem = ProblemOf(pattern);    // alone, so that it cannot end the parentheses that are put around it
    if (problem == nullptr)
        problem = ProblemOf(WholeOf(pattern));
    if (problem != nullptr)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("ticket_pattern is no pattern of tickets: %s", problem),
                        errhint("Write a regular expression for the whole ticket, such as OPS-[0-9]+, without options before it.")));
}

bool FitsPattern(const char* ticket, const char* pattern) {
    regex_t expression;
    if (strlen(ticket) > size_t(most_ticket_bytes) || strcmp(ticket, InOneLine(ticket, int(strlen(ticket)), most_ticket_bytes)) != 0 ||
        Compile(WholeOf(pattern), &expression) != REG_OKAY)
        return false;
    Characters characters = CharactersOf(ticket);
    int result = pg_regexec(&expression, characters.text, characters.length, 0, nullptr, 0, nullptr, 0);
    pg_regfree(&expression);
    CHECK_FOR_INTERRUPTS();
    return result == REG_OKAY;
}

char* PatternInWords(const char* pattern) {
    constexpr int most_characters = 80;
    return InOneLine(pattern, int(strlen(pattern)), most_characters);
}

}    // namespace warrant
