# What a reader has at hand when a page is run: a server on a port of the system's choice where the page says
# 127.0.0.1:7171, and the keys of its workspace.
set -eE -o pipefail
trap 'echo "FAILED at $at: $BASH_COMMAND" >&2' ERR
started=()
trap '[ ${#started[@]} = 0 ] || kill "${started[@]}"' EXIT

# A call that is refused is a failure; so is an answer that never comes.
curl() {
    local words=() word
    for word in "$@"; do
        words+=("${word//http:\/\/127.0.0.1:7171/$LANDFALL_URL}")
    done
    command curl --fail-with-body --silent --show-error --max-time 60 "${words[@]}"
}

# What goes on until it is stopped, in a terminal of its own, goes on behind the page.
landfall() {
    case "$1 $2" in
    "serve "*)
        shift
        exec {served}< <(exec landfall serve --listen 127.0.0.1:0 "$@")
        started+=($!)
        read -r line <&"$served"
        export LANDFALL_URL="http://${line##*http://}"
        ;;
    "sim providers")
        shift 2
        local words=() word
        for word in "$@"; do
            words+=("${word//http:\/\/127.0.0.1:7171/$LANDFALL_URL}")
        done
        exec {simulated}< <(exec landfall sim providers "${words[@]}")
        started+=($!)
        local line=
        until [[ $line == Ctrl-C* ]]; do
            read -r line <&"$simulated"
        done
        ;;
    *) command landfall "$@" ;;
    esac
}
