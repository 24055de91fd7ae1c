#!/usr/bin/env bash
# Pushes a second against the simulated APNs over loopback TLS: the sender alone, the whole path, and
# a broadcast of a million, beside h2load, @parse/node-apn, aioapns and firebase-admin.
#
#   send.sh              everything
#   send.sh --quick      fewer of everything, in a few minutes
#   send.sh --only NAME  one of alone, path, million
#   send.sh --pushes N   pushes of one run of h2load and of the sender; --rounds N: how many runs
#   send.sh --people N   people of the whole path; --million N: people of the large broadcast
#
# Folders with people are made once and kept in bench/work/send. Needs what `cargo x test` installs
# into .tools (LANDFALL_TEST_CLIENTS names another folder), and h2load.
set -euo pipefail
cd "$(dirname "$0")/.."
work=bench/work
clients=${LANDFALL_TEST_CLIENTS:-.tools}
mkdir -p "$work/send"
if ! command -v h2load >/dev/null; then
    if [ "$(id -u)" != 0 ]; then
        echo "h2load is missing: install Debian's nghttp2-client" >&2
        exit 1
    fi
    echo "==> Installing h2load"
    DEBIAN_FRONTEND=noninteractive apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nghttp2-client
fi
if [ ! -x "$clients/python-providers/bin/python" ] || [ ! -d "$clients/node/node_modules" ]; then
    echo "the clients are missing: run \`cargo x test\` once, which installs them" >&2
    exit 1
fi
echo "==> Building the benchmark (release)"
cargo build --quiet --release --manifest-path bench/Cargo.toml --bin send \
    --target-dir "${CARGO_TARGET_DIR:-$work/target}"
"${CARGO_TARGET_DIR:-$work/target}/release/send" --work "$work/send" --scripts bench/peers \
    --clients "$clients" "$@"
