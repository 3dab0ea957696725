// The words for what a statement does to an object.
#pragma once

#include "pg/server.hpp"

namespace warrant {

enum class Command : uint8_t {
    Select,
    Insert,
    Update,
    Delete,
    UpdateAll,    // besides Update: no column of the target says which rows
    DeleteAll,
    Truncate,
    Lock,
    Export,
    Maintain,
    Alter,
    Drop,
    Create,
    Grant,
    Admin
};
constexpr int command_count = int(Command::Admin) + 1;

using CommandMask = uint32_t;
constexpr CommandMask MaskOf(Command command) { return CommandMask(1) << int(command); }

// The commands that touch single columns, and those that a policy on columns covers besides.
constexpr CommandMask commands_on_columns =
    MaskOf(Command::Select) | MaskOf(Command::Insert) | MaskOf(Command::Update) | MaskOf(Command::UpdateAll) | MaskOf(Command::Export);
constexpr CommandMask commands_around_columns = MaskOf(Command::Alter) | MaskOf(Command::Drop) | MaskOf(Command::Grant);
inline bool IsOnColumns(Command command) { return (commands_on_columns & MaskOf(command)) != 0; }

// The commands of a statement that can be approved by itself: a SELECT, INSERT, UPDATE, DELETE or MERGE.
constexpr CommandMask commands_of_queries = commands_on_columns | MaskOf(Command::Delete) | MaskOf(Command::DeleteAll) | MaskOf(Command::Lock);

// The first command of a mask that is not empty.
inline Command FirstOf(CommandMask mask) { return Command(__builtin_ctz(mask)); }

// The word for the command, as "UPDATE"; static memory.
const char* NameOf(Command command);

// The commands named in an SQL array, groups expanded. Raises 22023 for an empty array, a NULL and an unknown word.
CommandMask ParseCommands(ArrayType* words);

// The commands that a single word stands for; 0 when it is unknown.
CommandMask ParseCommand(const char* word);

// What a policy on these commands covers: the same for all rows, the copies that they would otherwise leave open, and, unless it opens them, the
// ways out.
CommandMask CoveredByPolicy(CommandMask named, bool opens);

}    // namespace warrant
