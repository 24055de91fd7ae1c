#!/usr/bin/env bash
# How soon a drop of a rate is noticed: the trade-off table of five usual methods that are told the
# true rate, and of our detector, which learns everything from four weeks of counts. All at one false
# alarm in thirty days. Fails when ours alarms more often, or later by more than a tenth than the best
# method as published or as measured here, whichever is later.
#
#   detect.sh                    1,000 runs for each cell
#   detect.sh --replicates N     as many
#   detect.sh --seed N           other draws
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --quiet --release --package landfall-insight --example detect -- "$@"
