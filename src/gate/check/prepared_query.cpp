#include "pg/server.hpp"

#include "pg/frame.hpp"
#include "statement/statement_record.hpp"
#include "statement/withheld_text.hpp"
#include "gate/check/prepared_query.hpp"

namespace warrant {

namespace {

// The EXECUTE that the client's utility statement is, or explains, or makes a table of.
const ExecuteStmt* ExecuteOf(const Node* utility) {
    const Node* query = utility == nullptr                ? nullptr
                        : IsA(utility, ExplainStmt)       ? reinterpret_cast<const ExplainStmt*>(utility)->query
                        : IsA(utility, CreateTableAsStmt) ? reinterpret_cast<const CreateTableAsStmt*>(utility)->query
                                                          : nullptr;
    if (query != nullptr && IsA(query, Query))
        utility = reinterpret_cast<const Query*>(query)->utilityStmt;
    return utility != nullptr && IsA(utility, ExecuteStmt) ? reinterpret_cast<const ExecuteStmt*>(utility) : nullptr;
}

}    // namespace

const char* PreparedQuery() {
    constexpr int most_bytes = 4000;
    const Frame* top = OutermostFrame();
    const ExecuteStmt* execute = ExecuteOf(top == nullptr ? nullptr : top->utility);
    const PreparedStatement* prepared = execute == nullptr ? nullptr : FetchPreparedStatement(execute->name, false);
    const CachedPlanSource* source = prepared == nullptr ? nullptr : prepared->plansource;
    if (source == nullptr || source->raw_parse_tree == nullptr)
        return nullptr;
    const char* text;
    int length;
    StatementText(Source{source->query_string, source->raw_parse_tree->stmt_location, source->raw_parse_tree->stmt_len}, &text, &length);
    const char* query = prepared->from_sql ? QueryOfPrepare(text, text + length) : text;
    length -= int(query - text);
    int kept = pg_mbcliplen(query, length, most_bytes);
    return psprintf("%s%s", pnstrdup(query, kept), kept < length ? " ..." : "");
}

}    // namespace warrant
