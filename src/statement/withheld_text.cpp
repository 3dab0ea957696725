#include "pg/server.hpp"

#include <cctype>

#include "statement/withheld_text.hpp"

namespace warrant {

namespace {

// What of a utility statement's text can be a secret.
enum class Holds : uint8_t {
    Nothing,
    Literals,    // connections, options, passwords, programs
    Setting,     // the value of a setting, which need not be a literal
    Code,        // its literals, if it has such a command in it
};

bool ChangesOptions(const AlterTableStmt* alter) {
    ListCell* cell;
    foreach (cell, alter->cmds) {
        AlterTableType kind = lfirst_node(AlterTableCmd, cell)->subtype;
        if (kind == AT_GenericOptions || kind == AT_AlterColumnGenericOptions)
            return true;
    }
    return false;
}

bool SetsSettings(const List* options) {
    ListCell* cell;
    foreach (cell, options)
        if (strcmp(lfirst_node(DefElem, cell)->defname, "set") == 0)
            return true;
    return false;
}

// Whether it sets a setting that no release knows, for which anything may stand.
bool SetsUnknownSetting(const List* options) {
    ListCell* cell;
    foreach (cell, options) {
        const DefElem* option = lfirst_node(DefElem, cell);
        if (strcmp(option->defname, "set") == 0 && strchr(castNode(VariableSetStmt, option->arg)->name ?: "", '.') != nullptr)
            return true;
    }
    return false;
}

Holds WhatHolds(const Node* utility) {
    switch (nodeTag(utility)) {
        case T_CreateSubscriptionStmt:
        case T_AlterSubscriptionStmt:
        case T_CreateRoleStmt:
        case T_AlterRoleStmt:
        case T_CreateUserMappingStmt:
        case T_AlterUserMappingStmt:
        case T_CreateForeignServerStmt:
        case T_AlterForeignServerStmt:
        case T_CreateFdwStmt:
        case T_AlterFdwStmt:
        case T_CreateForeignTableStmt:
        case T_ImportForeignSchemaStmt: return Holds::Literals;
        case T_AlterTableStmt: return ChangesOptions(reinterpret_cast<const AlterTableStmt*>(utility)) ? Holds::Literals : Holds::Code;
        case T_CopyStmt: return reinterpret_cast<const CopyStmt*>(utility)->is_program ? Holds::Literals : Holds::Nothing;
        case T_AlterSystemStmt:
        case T_AlterDatabaseSetStmt:
        case T_AlterRoleSetStmt:
        case T_VariableSetStmt: return Holds::Setting;
        case T_AlterFunctionStmt: return SetsSettings(reinterpret_cast<const AlterFunctionStmt*>(utility)->actions) ? Holds::Setting : Holds::Code;
        case T_CreateFunctionStmt:
            return SetsUnknownSetting(reinterpret_cast<const CreateFunctionStmt*>(utility)->options) ? Holds::Setting : Holds::Code;
        case T_DeclareCursorStmt:
        case T_ExecuteStmt:
        case T_ExplainStmt:
        case T_FetchStmt:
        case T_PrepareStmt: return Holds::Nothing;    // planned statements, by another way
        default: return Holds::Code;
    }
}

// The words that betray such a command in code, also in a literal that EXECUTE or dblink gets.
const char* const betraying_words[] = {"connection", "mapping", "options", "program", "set_config", "subscription", "system"};
const char* const betraying_parts[] = {"conninfo", "passphrase", "passw", "secret"};

enum class Kind : uint8_t { Word, Literal, Dollar, Comment, Other };

struct Token {
    Kind kind;
    const char* start;
    const char* end;
    const char* inner;    // what is quoted
    const char* inner_end;
};

bool IsWordStart(char c) { return IS_HIGHBIT_SET(c) || c == '_' || isalpha(static_cast<unsigned char>(c)); }
bool IsWordPart(char c) { return IsWordStart(c) || isdigit(static_cast<unsigned char>(c)); }

// Behind the quoted text. A doubled quote stays inside, and so does one behind a backslash where that escapes.
const char* EndOfQuoted(const char* at, const char* end, char quote, bool escapes) {
    for (; at < end; at++) {
        if (escapes && *at == '\\' && at + 1 < end)
            at++;
        else if (*at == quote && at + 1 < end && at[1] == quote)
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return end;
}

const char* EndOfComment(const char* at, const char* end) {
    if (*at == '-') {
        while (at < end && *at != '\n' && *at != '\r')
            at++;
        return at;
    }
    int depth = 0;
    for (; at + 1 < end; at++) {
        if (at[0] == '/' && at[1] == '*')
            depth++, at++;
        else if (at[0] == '*' && at[1] == '/' && (at++, --depth == 0))
            return at + 1;
    }
    return end;
}

// Reads $tag$...$tag$ into the token; false if no such thing begins here. What does not end is quoted to the text's end.
bool ReadDollarQuoted(Token* token, const char* end) {
    const char* at = token->start + 1;
    if (at < end && IsWordStart(*at))
        while (at < end && IsWordPart(*at))
            at++;
    if (at >= end || *at != '$')
        return false;
    size_t tag = size_t(++at - token->start);
    token->kind = Kind::Dollar;
    token->inner = at;
    token->inner_end = token->end = end;
    for (; at + tag <= end; at++)
        if (memcmp(at, token->start, tag) == 0) {
            token->inner_end = at;
            token->end = at + tag;
            break;
        }
    return true;
}

Token ReadToken(const char* start, const char* end, bool escapes) {
    Token token = {Kind::Other, start, start + 1, nullptr, nullptr};
    bool has_next = start + 1 < end;
    if (*start == '\'' || *start == '"') {
        token.kind = *start == '\'' ? Kind::Literal : Kind::Other;
        token.end = EndOfQuoted(start + 1, end, *start, escapes && *start == '\'');
        token.inner = start + 1;
        token.inner_end = token.end > token.inner && token.end[-1] == *start ? token.end - 1 : token.end;
    } else if (has_next && ((start[0] == '-' && start[1] == '-') || (start[0] == '/' && start[1] == '*'))) {
        token.kind = Kind::Comment;
        token.end = EndOfComment(start, end);
    } else if (IsWordStart(*start)) {
        token.kind = Kind::Word;
        while (token.end < end && (IsWordPart(*token.end) || *token.end == '$'))
            token.end++;
    } else if (*start == '$') {
        (void)ReadDollarQuoted(&token, end);
    }
    return token;
}

bool Is(const Token* token, const char* word) {
    size_t size = size_t(token->end - token->start);
    return token->kind == Kind::Word && strlen(word) == size && pg_strncasecmp(token->start, word, size) == 0;
}

bool Betrays(const Token* token) {
    if (token->kind != Kind::Word)
        return false;
    for (const char* word : betraying_words)
        if (Is(token, word))
            return true;
    for (const char* part : betraying_parts)
        for (const char* at = token->start; at + strlen(part) <= token->end; at++)
            if (pg_strncasecmp(at, part, strlen(part)) == 0)
                return true;
    return false;
}

// Where in a statement the reading is, as far as it concerns settings.
struct Place {
    int words;       // of the statement, read so far
    bool alters;     // it is ALTER of what has settings
    bool sets;       // it sets a setting
    bool custom;     // of a name that no release knows
    bool escapes;    // a literal that begins here has escapes
};

bool BeginsStatement(const Token* token) {
    return *token->start == ';' || Is(token, "begin") || Is(token, "then") || Is(token, "else") || Is(token, "loop");
}

bool HasSettings(const Token* kind) {
    return Is(kind, "role") || Is(kind, "user") || Is(kind, "database") || Is(kind, "function") || Is(kind, "procedure") || Is(kind, "routine");
}

bool BeginsValue(const Token* token) { return *token->start == '=' || Is(token, "to"); }

// Takes a token in. SET sets a setting at the start of a statement, and in ALTER of what has settings; in UPDATE and in ALTER TABLE it does not.
void Advance(Place* place, const Token* token) {
    place->escapes = Is(token, "e");
    if (BeginsStatement(token))
        *place = Place{};
    else if (place->sets)
        place->custom = place->custom || *token->start == '.' || *token->start == '"';
    else if (token->kind == Kind::Word) {
        place->sets = Is(token, "set") && (place->words == 0 || place->alters);
        place->alters = place->words == 0 ? Is(token, "alter") : place->alters && (place->words > 1 || HasSettings(token));
        place->words++;
    }
}

// Calls visit(token, place) for each token until it returns false.
template <class Visit>
void ForEachToken(const char* text, const char* end, Visit visit) {
    bool always_escapes = strcmp(GetConfigOption("standard_conforming_strings", false, false), "off") == 0;
    Place place = {};
    while (text < end) {
        Token token = ReadToken(text, end, place.escapes || always_escapes);
        Advance(&place, &token);
        if (!visit(&token, &place))
            return;
        text = token.end;
    }
}

// What is quoted deeper than anybody writes counts as a secret: each level is read once more.
bool HoldsSecrets(const char* text, const char* end, int depth) {
    constexpr int most_depth = 5;
    bool found = depth > most_depth;
    if (!found)
        ForEachToken(text, end, [&found, depth](const Token* token, const Place* place) {
            bool quoted = token->kind == Kind::Literal || token->kind == Kind::Dollar;
            found = place->custom || Betrays(token) || (quoted && HoldsSecrets(token->inner, token->inner_end, depth + 1));
            return !found;
        });
    return found;
}

constexpr char withheld[] = "'...'";

void AppendPart(StringInfo to, const char* start, const char* end) { appendBinaryStringInfo(to, start, int(end - start)); }

// Appends the text without its literals, and without its comments, which can hold old ones. Of a setting nothing is left behind = or TO. What is
// dollar-quoted is the body of a block or a function, and read as well.
void AppendWithout(StringInfo to, const char* text, const char* end, bool is_body) {
    bool skips = false;
    ForEachToken(text, end, [&](const Token* token, const Place* place) {
        skips = skips && place->sets;
        if (skips)
            return true;
        if (token->kind == Kind::Literal || (token->kind == Kind::Dollar && is_body)) {
            appendStringInfoString(to, withheld);
        } else if (token->kind == Kind::Dollar) {
            AppendPart(to, token->start, token->inner);
            AppendWithout(to, token->inner, token->inner_end, true);
            AppendPart(to, token->inner_end, token->end);
        } else if (token->kind == Kind::Comment) {
            appendStringInfoChar(to, ' ');
        } else {
            AppendPart(to, token->start, token->end);
            skips = place->sets && BeginsValue(token);
            if (skips)
                appendStringInfo(to, " %s", withheld);
        }
        return true;
    });
}

// Appends what stands before a setting's value. It cannot be told where the value ends, so nothing of the rest is kept.
void AppendUntilValue(StringInfo to, const char* text, const char* end) {
    bool sets = false;
    ForEachToken(text, end, [&](const Token* token, const Place*) {
        bool quoted = token->kind == Kind::Literal || token->kind == Kind::Dollar;
        sets = sets || Is(token, "set");
        if (token->kind != Kind::Comment && !quoted)
            AppendPart(to, token->start, token->end);
        else
            appendStringInfoString(to, quoted ? withheld : " ");
        bool over = sets && BeginsValue(token);
        if (over)
            appendStringInfo(to, " %s", withheld);
        return !over;
    });
}

// The latest answer: a block asks for its text with each of its statements.
struct {
    const Node* utility;
    const char* text;
    int length;
    TimestampTz message;
    const char* kept;
    int kept_length;
} latest;

}    // namespace

void WithholdSecrets(const Node* utility, const char** text, int* length) {
    Holds holds = WhatHolds(utility);
    if (holds == Holds::Nothing)
        return;
    TimestampTz message = GetCurrentStatementStartTimestamp();
    bool known = latest.utility == utility && latest.text == *text && latest.length == *length && latest.message == message;
    if (!known) {
        const char* end = *text + *length;
        MemoryContext caller = MessageContext == nullptr ? CurrentMemoryContext : MemoryContextSwitchTo(MessageContext);
        StringInfoData kept = {};
        bool clean = holds == Holds::Code && !HoldsSecrets(*text, end, 0);
        if (!clean) {
            initStringInfo(&kept);
            if (holds == Holds::Setting)
                AppendUntilValue(&kept, *text, end);
            else
                AppendWithout(&kept, *text, end, holds == Holds::Literals);
        }
        MemoryContextSwitchTo(caller);
        latest = {MessageContext == nullptr ? nullptr : utility, *text, *length, message, clean ? *text : kept.data, clean ? *length : kept.len};
    }
    *text = latest.kept;
    *length = latest.kept_length;
}

const char* QueryOfPrepare(const char* text, const char* end) {
    const char* query = end;
    int depth = 0;
    ForEachToken(text, end, [&query, &depth](const Token* token, const Place*) {
        depth += *token->start == '(' ? 1 : *token->start == ')' ? -1 : 0;
        if (depth > 0 || !Is(token, "as"))
            return true;
        query = token->end;
        return false;
    });
    while (query < end && isspace(static_cast<unsigned char>(*query)))
        query++;
    return query;
}

}    // namespace warrant
