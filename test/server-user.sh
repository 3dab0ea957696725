# To be sourced. Makes $work, a copy of the tree that the server's user may write, and as_server_user, which runs a
# command there: initdb refuses root, so root runs servers as postgres. Whoever else calls is that user himself.

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pg_config=${PG_CONFIG:-pg_config}
pgxs=$("$pg_config" --pgxs)
pgxs_test=${pgxs%/src/makefiles/pgxs.mk}/src/test
bindir=$("$pg_config" --bindir)

# How long a test waits for what must come: a slow machine makes it wait, a hang ends it.
patience_s=300

work=$(mktemp -d /tmp/pg_warrant.XXXXXX)
trap 'leave $?' EXIT
trap 'exit 130' INT TERM

# Exit status 1 only says that a file changed while it was read.
tar -C "$tree" --exclude=./.git --exclude=./build --exclude='*.o' -cf "$work.tar" . || [ $? = 1 ]
tar -C "$work" -xf "$work.tar"
rm "$work.tar"
mkdir "$work/tmp"
[ "$(id -u)" != 0 ] || chown -R postgres: "$work"

# as_server_user SECONDS COMMAND...: a clean environment, because PGHOST and its kin reach every client. With $TERMINAL the command
# has the caller's terminal, which timeout would take from it, and no limit.
as_server_user() {
    local bounded=(timeout -k 15 "$1") input=/dev/null become=() passed=()
    shift
    [ -z "${TERMINAL:-}" ] || bounded=() input=/dev/stdin
    [ "$(id -u)" != 0 ] || become=(runuser -u postgres --)
    readarray -t passed < <(env | grep '^WARRANT_' || true)
    (cd "$work" && exec "${bounded[@]}" "${become[@]}" env -i "${passed[@]}" \
        PATH="$work/test/initdb:$bindir:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" HOME="$work" TMPDIR="$work/tmp" LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        PG_CONFIG="$pg_config" PG_REGRESS="$pgxs_test/regress/pg_regress" PERL5LIB="$pgxs_test/perl" \
        PG_TEST_TIMEOUT_DEFAULT=$patience_s "$@" <"$input")
}

# A suite that was stopped by its time limit leaves servers behind; only those whose data directory is ours are ended.
leave() {
    local pidfile pid
    while read -r pidfile; do
        pid=$(head -1 "$pidfile")
        [ "$(readlink "/proc/$pid/cwd")" != "$(dirname "$pidfile")" ] || kill -QUIT "$pid" || true
    done < <(find "$work" -name postmaster.pid)
    if [ "$1" = 0 ]; then rm -rf "$work"; else echo "Logs are kept in $work" >&2; fi
}
