# To be sourced. Clusters to measure, each a copy of one template, so that their tables have the same pages.

bench=$TMPDIR/bench
mkdir -p "$bench"
export PGHOST=$bench PGDATABASE=bench PGUSER=postgres PGOPTIONS='-c client_min_messages=warning'

fail() { echo "$*" >&2; exit 1; }

# meanwhile TEXT: what it does while nothing can be printed yet.
meanwhile() { printf '%(%T)T  %s\n' -1 "$*" >&2; }

# try COMMAND...: what it says matters only when it fails.
try() { "$@" >"$bench/said" 2>&1 || { cat "$bench/said" >&2; fail "failed: $*"; }; }

# eventually SQL [USER]: repeats the query for at most 60 s, until it returns something without an error.
eventually() {
    for _ in {1..300}; do
        [ -z "$(psql -XAtq -U "${2:-$PGUSER}" -c "$1" 2>"$bench/said" || true)" ] || return 0
        sleep 0.2
    done
    cat "$bench/said" >&2
    fail "did not come in 60 s: $1"
}

at() { export PGPORT=$(<"$bench/$1/port"); }

# start CLUSTER [OPTION...]: with options of pg_ctl.
start() {
    at "$1"
    try pg_ctl -D "$bench/$1" -l "$bench/$1/log" -t 120 -w start "${@:2}"
}
stop() { try pg_ctl -D "$bench/$1" -t 120 -w stop; }

# with_server CLUSTER COMMAND...: runs it while the cluster is up.
with_server() {
    start "$1"
    "${@:2}"
    stop "$1"
}

fill() {
    try psql -X -d postgres -c 'CREATE DATABASE bench' -c 'CREATE ROLE clerk LOGIN' -c 'CREATE ROLE chief LOGIN'
    try pgbench -i -q
    try psql -X -c 'GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk' -c 'VACUUM (FREEZE, ANALYZE)'
}

clusters=0

# new_cluster NAME LIBRARY [SETTING...]
new_cluster() {
    cp -a "$bench/template" "$bench/$1"
    printf '%s\n' "shared_preload_libraries = '$2'" "${@:3}" >>"$bench/$1/postgresql.conf"
    echo $((5432 + ++clusters)) >"$bench/$1/port"
}

make_template() {
    try initdb -D "$bench/template" -U postgres --auth=trust --no-locale --encoding=UTF8
    echo 5432 >"$bench/template/port"
    cat >>"$bench/template/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$bench'
log_line_prefix = '%p '
log_connections = on
autovacuum = off
pg_warrant.audit_timeout = '10min'
pg_warrant.refusal_rate = 100000
pg_warrant.max_databases = 1
pg_warrant.ring_size = '128MB'
END
    with_server template fill
}

recorder_is_ready="SELECT 1 FROM warrant.status() WHERE item = 'recorder' AND warning IS NULL"

install_extension() {
    try psql -X -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pg_warrant' -c 'GRANT warrant_approver TO chief' -c "$1"
    eventually "$recorder_is_ready"
}

# A table that the clerk does not read is protected.
protect_another() { install_extension "SELECT warrant.protect('pgbench_history')"; }

# grant_to_clerk ARGUMENT: the clerk reads by a grant under a policy with this argument.
grant_to_clerk() {
    install_extension "SELECT warrant.create_policy('bench', 'approve', on_table => 'pgbench_accounts', $1)"
    eventually "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'pgbench_accounts', duration => '12 h')" chief
}
