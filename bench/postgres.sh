# Sourced by benchmarks: a PostgreSQL of their own, durable, tuned for this one purpose.
# Sets $postgres (a connection string) and stops the server when the script ends.

postgres_programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$postgres_programs" ] || postgres_programs=$(pg_config --bindir)
postgres_data=$(mktemp -d)
postgres_port=${POSTGRES_PORT:-55432}

as_postgres() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

postgres_start() {
    [ "$(id -u)" != 0 ] || chown postgres "$postgres_data"
    (
        cd "$postgres_data"
        as_postgres "$postgres_programs/initdb" --auth=trust --username=landfall --encoding=UTF8 \
            --locale=C -D "$postgres_data/cluster" >/dev/null
        as_postgres "$postgres_programs/pg_ctl" -w -D "$postgres_data/cluster" \
            -l "$postgres_data/log" -o "-p $postgres_port -c listen_addresses=127.0.0.1 \
            -c unix_socket_directories=$postgres_data -c shared_buffers=2GB -c max_wal_size=8GB \
            -c wal_compression=on -c work_mem=256MB $*" start >/dev/null
    )
    trap postgres_stop EXIT
    postgres="host=127.0.0.1 port=$postgres_port user=landfall dbname=postgres"
}

postgres_stop() {
    (cd "$postgres_data" && as_postgres "$postgres_programs/pg_ctl" -m immediate \
        -D "$postgres_data/cluster" stop >/dev/null) || true
    rm -rf "$postgres_data"
}
