// A text analysed as the server would analyse it, and no further: nothing of it is planned or run, and no code of users is called.
#pragma once

#include "pg/server.hpp"

#include "pg/frame.hpp"

namespace warrant {

struct AnalysedStatement {
    Source source;
    Node* utility;    // the tree of a command, as it was parsed; nullptr for a query
    List* queries;    // what rules have made of a query, in the order in which they run; NIL where it comes to nothing
};

// The statements of a text, which are looked at one by one, since a later one may be about what an earlier one would make. Raises the server's own
// errors, and 0A000 where the server would call a user's function.
List* ParseText(const char* text);    // of RawStmt
AnalysedStatement Analyse(const char* text, RawStmt* raw);

// To be told of each function that the server looks up to call it, and of each expression that calls one: a user's ends the analysis, and so does any
// expression, which is that of a domain's constraint.
inline bool is_analysing = false;
void RefuseWhileAnalysing(Oid function);
[[noreturn]] void RefuseConstraint();

}    // namespace warrant
