#include "pg/server.hpp"

#include "gate/access/analysis.hpp"
#include "gate/access/planning.hpp"

namespace warrant {

namespace {

bool IsQuery(const Node* parsed) {
    switch (nodeTag(parsed)) {
        case T_SelectStmt:    // SELECT INTO is a command, and found out by its analysis
        case T_InsertStmt:
        case T_UpdateStmt:
        case T_DeleteStmt:
        case T_MergeStmt: return true;
        default: return false;
    }
}

// Past the hook behind the analysis, in which other extensions count statements that run.
Query* AnalyseOnly(const char* text, RawStmt* raw) {
    ParseState* state = make_parsestate(nullptr);
    state->p_sourcetext = text;
    Query* query = transformTopLevelStmt(state, raw);
    free_parsestate(state);
    return query;
}

// Whether only superusers write functions of the language, so that what they do stays as it is.
bool IsOfTheServer(Oid function) {
    Oid language = LanguageOf(function);
    return !OidIsValid(language) || language == INTERNALlanguageId || language == ClanguageId;
}

// An error points into the text that is analysed, not into the statement that has it.
void PointIntoText(void* text) {
    int position = geterrposition();
    if (position <= 0)
        return;
    errposition(0);
    internalerrposition(position);
    internalerrquery(static_cast<const char*>(text));
}

template <class Body>
void WithItsOwnErrors(const char* text, const Body& body) {
    ErrorContextCallback callback = {error_context_stack, PointIntoText, const_cast<char*>(text)};
    error_context_stack = &callback;
    body();
    error_context_stack = callback.previous;
}

}    // namespace

void RefuseWhileAnalysing(Oid function) {
    if (function < FirstUnpinnedObjectId || IsOfTheServer(function))
        return;
    is_analysing = false;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("the statement cannot be analysed without calling function %s", format_procedure(function)),
                    errdetail("The server calls it to read a value of the statement.")));
}

void RefuseConstraint() {
    is_analysing = false;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("the statement cannot be analysed without checking the constraint of a domain"),
                    errdetail("The server checks it when it reads a value of the statement.")));
}

List* ParseText(const char* text) {
    List* parsed = NIL;
    WithItsOwnErrors(text, [&] { parsed = raw_parser(text, RAW_PARSE_DEFAULT); });
    return parsed;
}

AnalysedStatement Analyse(const char* text, RawStmt* raw) {
    AnalysedStatement analysed = {{text, raw->stmt_location, raw->stmt_len}, IsQuery(raw->stmt) ? nullptr : raw->stmt, NIL};
    if (analysed.utility != nullptr)
        return analysed;
    PG_TRY();
    {
        is_analysing = true;
        WithItsOwnErrors(text, [&] {
            Query* query = AnalyseOnly(text, raw);
            if (query->commandType == CMD_UTILITY)
                analysed.utility = query->utilityStmt;
            else
                analysed.queries = QueryRewrite(query);
        });
    }
    PG_FINALLY();
    { is_analysing = false; }
    PG_END_TRY();
    return analysed;
}

}    // namespace warrant
