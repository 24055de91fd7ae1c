#!/usr/bin/env bash
# The board beside DuckDB, ClickHouse, SQLite and PostgreSQL: same rows, same questions, same
# threads, one run, one machine.
#
#   board.sh                      20 million rows, all peers, a table of ratios
#   board.sh --keep               the same, and the table goes into RESULTS.md
#   board.sh --rows N             fewer rows
#   board.sh --only NAME          one of board, duckdb, clickhouse, sqlite, postgres, report
#   board.sh --hundred-million    the board alone with 100 million rows: memory and times
#
# Everything that it makes is in bench/work. Needs cargo, python3 with venv, PostgreSQL's server.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work="$here/work"
venv="$work/venv"
mkdir -p "$work"

CARGO_TARGET_DIR="$work/target" cargo build --release --quiet \
    --manifest-path "$here/Cargo.toml" --bin board
program="$work/target/release/board"

if [[ "${1:-}" == --hundred-million ]]; then
    exec "$program" --rows 100000000 --work "$work/board-100000000"
fi

if ! cmp --silent "$here/requirements.txt" "$venv/installed.txt"; then
    echo "installing DuckDB and ClickHouse into bench/work/venv (once, about 250 MB)"
    "${PYTHON:-python3}" -m venv --clear "$venv"
    # None of the three needs another package for what is asked of it here.
    "$venv/bin/pip" install --quiet --no-deps --disable-pip-version-check \
        --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/installed.txt"
fi
exec "$venv/bin/python" "$here/peers/compare.py" --program "$program" --work "$work" "$@"
