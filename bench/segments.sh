#!/usr/bin/env bash
# Fifty data-driven segments over a million people: how fast they are built, and how many inputs a second
# keep them current.
#
#   segments.sh              a million people, a million inputs
#   segments.sh --people N   fewer people; --inputs N: fewer inputs
#
# The folder with people is made once and kept in bench/work/segments.
set -euo pipefail
cd "$(dirname "$0")/.."
work=bench/work
mkdir -p "$work/segments"
echo "==> Building the benchmark (release)"
cargo build --quiet --release --manifest-path bench/Cargo.toml --bin segments \
    --target-dir "${CARGO_TARGET_DIR:-$work/target}"
"${CARGO_TARGET_DIR:-$work/target}/release/segments" --work "$work/segments" "$@"
