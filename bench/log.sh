#!/usr/bin/env bash
# How soon the log and the home page answer with twenty million deliveries, over HTTP and in Chromium.
# `--deliveries N`: with fewer. What was filled stays in bench/work/log (32 GB with twenty million) and is used again.
set -euo pipefail
cd "$(dirname "$0")/.."
work=bench/work
mkdir -p "$work"
echo "==> Building the pages, Landfall and the benchmark (release)"
(cd ui && npm ci --silent --no-audit --no-fund && npm run --silent build)
LANDFALL_CHROMIUM="$(command -v chromium || true)"
if [ -n "$LANDFALL_CHROMIUM" ]; then export LANDFALL_CHROMIUM; else unset LANDFALL_CHROMIUM; fi
cargo build --quiet --release --package landfall-server
cargo build --quiet --release --manifest-path bench/Cargo.toml --bin log --target-dir "$work/target"
echo "==> Measuring on $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)"
"$work/target/release/log" --landfall target/release/landfall --data "$work/log" "$@"
