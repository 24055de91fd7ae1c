#!/usr/bin/env bash
# Durable calls over HTTP, beside the same endpoint without storing and beside PostgreSQL.
# `--seconds N`: how long each part runs (10); `--only idle|single|batch|postgres`: one part.
set -euo pipefail
cd "$(dirname "$0")/.."
work=bench/work
mkdir -p "$work"
echo "==> Building Landfall and the load generator (release)"
cargo build --quiet --release --package landfall-server
cargo build --quiet --release --manifest-path bench/Cargo.toml --bin ingest --target-dir "$work/target"
echo "==> Starting PostgreSQL"
. bench/postgres.sh
postgres_start
echo "==> Measuring on $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)"
"$work/target/release/ingest" --landfall target/release/landfall --data "$work/ingest" \
    --postgres "$postgres" "$@"
