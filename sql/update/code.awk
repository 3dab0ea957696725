# Picks what can be run again out of the parts of the install script: functions, procedures and views, which come with OR REPLACE, columns that were
# added to a table, which come with IF NOT EXISTS, comments and privileges. What else has a state of its own (tables, types, triggers, roles) an update changes in files of their own, sql/update/OLD--NEW:
# each has the name of the part whose state it changes.
#
# With -v declare=1 it makes of functions and procedures what sql/update/drop.sql looks at, and nothing else: a declaration that has the whole name as
# its name, and no body.
#
# A statement begins in the first column and ends with a line that ends in a semicolon, outside of $$.
function dollars(line) { return gsub(/\$\$/, "", line) }

function declaration(text,    words) {
    sub(/[ \n]LANGUAGE .*/, " LANGUAGE plpgsql AS '';\n", text)
    match(text, /^CREATE [A-Z]+ [a-z_.]+/)
    split(substr(text, 1, RLENGTH), words, " ")
    return words[1] " " words[2] " warrant_internal.\"" words[3] "\"" substr(text, RLENGTH + 1)
}

!within && /^(CREATE|COMMENT|GRANT|REVOKE|ALTER|INSERT|SELECT|DO|DROP)[ \n]/ { within = 1; text = ""; quoted = 0 }
within {
    text = text $0 "\n"
    quoted = (quoted + dollars($0)) % 2
    if (!quoted && /;[ \t]*(--.*)?$/) {
        within = 0
        if (declare) {
            if (text ~ /^CREATE (FUNCTION|PROCEDURE)/)
                printf "%s", declaration(text)
        } else if (sub(/^CREATE (FUNCTION|PROCEDURE|VIEW)/, "CREATE OR REPLACE@&", text)) {
            sub(/@CREATE/, "", text)
            printf "\n%s", text
        } else if (sub(/^ALTER TABLE [a-z_.]+ ADD COLUMN/, "& IF NOT EXISTS", text)) {
            printf "\n%s", text
        } else if (text ~ /^(COMMENT|GRANT|REVOKE|DO)[ \n]/) {
            printf "\n%s", text
        }
    }
}
END { if (within) { print "a statement does not end: " text >"/dev/stderr"; exit 1 } }
