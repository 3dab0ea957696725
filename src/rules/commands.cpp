#include "pg/server.hpp"

#include "pg/errors.hpp"
#include "rules/commands.hpp"

namespace warrant {

namespace {

constexpr CommandMask read_group = MaskOf(Command::Select);
constexpr CommandMask write_group = MaskOf(Command::Insert) | MaskOf(Command::Update) | MaskOf(Command::Delete);
constexpr CommandMask ddl_group =
    MaskOf(Command::Create) | MaskOf(Command::Alter) | MaskOf(Command::Drop) | MaskOf(Command::Truncate) | MaskOf(Command::Grant);
constexpr CommandMask all_group = MaskOf(Command::Admin) - 1;

struct Word {
    const char* name;
    CommandMask mask;
};

// The commands in the order of the enumeration, then the groups.
const Word words[] = {
    {"SELECT", MaskOf(Command::Select)},
    {"INSERT", MaskOf(Command::Insert)},
    {"UPDATE", MaskOf(Command::Update)},
    {"DELETE", MaskOf(Command::Delete)},
    {"UPDATE_ALL", MaskOf(Command::UpdateAll)},
    {"DELETE_ALL", MaskOf(Command::DeleteAll)},
    {"TRUNCATE", MaskOf(Command::Truncate)},
    {"LOCK", MaskOf(Command::Lock)},
    {"EXPORT", MaskOf(Command::Export)},
    {"MAINTAIN", MaskOf(Command::Maintain)},
    {"ALTER", MaskOf(Command::Alter)},
    {"DROP", MaskOf(Command::Drop)},
    {"CREATE", MaskOf(Command::Create)},
    {"GRANT", MaskOf(Command::Grant)},
    {"ADMIN", MaskOf(Command::Admin)},
    {"READ", read_group},
    {"WRITE", write_group},
    {"DDL", ddl_group},
    {"ALL", all_group},
};

}    // namespace

const char* NameOf(Command command) { return words[int(command)].name; }

CommandMask ParseCommand(const char* word) {
    for (const Word& known : words)
        if (pg_strcasecmp(known.name, word) == 0)
            return known.mask;
    return 0;
}

CommandMask ParseCommands(ArrayType* array) {
    Datum* elements;
    bool* nulls;
    int count;
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
    CommandMask mask = 0;
    for (int i = 0; i < count; i++) {
        const char* word = nulls[i] ? "NULL" : TextDatumGetCString(elements[i]);
        CommandMask known = nulls[i] ? 0 : ParseCommand(word);
        if (known == 0)
            ereport(ERROR, (errcode(error_bad_argument), errmsg("unknown command \"%s\"", word),
                            errhint("Commands are SELECT, INSERT, UPDATE, DELETE, UPDATE_ALL, DELETE_ALL, TRUNCATE, LOCK, EXPORT, "
                                    "MAINTAIN, ALTER, DROP, CREATE, GRANT and ADMIN, and the groups READ, WRITE, DDL and ALL.")));
        mask |= known;
    }
    if (mask == 0)
        ereport(ERROR, (errcode(error_bad_argument), errmsg("at least one command must be given")));
    return mask;
}

CommandMask CoveredByPolicy(CommandMask named, bool opens) {
    CommandMask covered = named;
    bool of_relation = named != MaskOf(Command::Admin);
    if (of_relation && !opens)
        covered |= MaskOf(Command::Alter) | MaskOf(Command::Drop) | MaskOf(Command::Grant);
    if (named & MaskOf(Command::Select))
        covered |= MaskOf(Command::Export);
    if (named & MaskOf(Command::Update))
        covered |= MaskOf(Command::UpdateAll);
    if (named & MaskOf(Command::Delete))
        covered |= MaskOf(Command::DeleteAll);
    if ((named & write_group) == write_group)
        covered |= MaskOf(Command::Truncate);
    return covered;
}

}    // namespace warrant
