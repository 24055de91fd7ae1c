#!/usr/bin/env bash
# How soon the log and the home page answer with twenty million deliveries. `--deliveries N`: with fewer.
set -euo pipefail
cd "$(dirname "$0")/.."
work=bench/work
mkdir -p "$work"
echo "==> Building Landfall and the benchmark (release)"
cargo build --quiet --release --package landfall-server
cargo build --quiet --release --manifest-path bench/Cargo.toml --bin log --target-dir "$work/target"
echo "==> Measuring on $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)"
"$work/target/release/log" --landfall target/release/landfall --data "$work/log" "$@"
