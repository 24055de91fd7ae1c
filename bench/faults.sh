#!/usr/bin/env bash
# Faults planted in simulated shops, and what the diagnosis makes of them. Options are passed on:
# --seeds N, --first N, --clean N, --carts N, --verbose, or the name of one fault.
set -euo pipefail
cd "$(dirname "$0")"
cargo run --release --quiet --bin faults -- "$@"
