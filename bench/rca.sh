#!/usr/bin/env bash
# Localisation: labelled incidents, generated cubes with and without causes, time and memory.
# `--data DIR` (or LANDFALL_RCA_DATA): other labelled incidents; `--help`: the rest.
set -euo pipefail
cd "$(dirname "$0")/.."
work=bench/work
mkdir -p "$work"
cargo build --quiet --release --manifest-path bench/rca/Cargo.toml --target-dir "$work/target"
"$work/target/release/landfall-bench-rca" "$@"
