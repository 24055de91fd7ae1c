#!/usr/bin/env bash
# A million runs of a journey wait with timers: steps a second, how late timers ring, memory of a waiting run,
# and a year of daily timers.
#
#   runs.sh             everything
#   runs.sh --runs N    fewer runs (0: none); --rate N: timers that come due in a second (40,000)
#   runs.sh --year N    runs of the year of daily timers (10,000; 0: none)
#
# The folder with runs is made once and kept in bench/work/runs.
set -euo pipefail
cd "$(dirname "$0")/.."
work=bench/work
mkdir -p "$work/runs"
echo "==> Building the benchmark (release)"
cargo build --quiet --release --manifest-path bench/Cargo.toml --bin runs \
    --target-dir "${CARGO_TARGET_DIR:-$work/target}"
"${CARGO_TARGET_DIR:-$work/target}/release/runs" --work "$work/runs" "$@"
