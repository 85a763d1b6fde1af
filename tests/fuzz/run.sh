#!/bin/bash
# Replays or fuzzes every target.
#   tests/fuzz/run.sh [BUILD_DIR]           runs each file of each corpus once: what once crashed must not again
#   tests/fuzz/run.sh BUILD_DIR SECONDS     fuzzes each target for so long; a crasher stays in BUILD_DIR/crashes/
# BUILD_DIR (default build/fuzz) is configured with KINROOM_FUZZ. Fails when a target is missing, has no corpus, or crashes.
set -euo pipefail
sources=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${1:-$sources/../../build/fuzz}
seconds=${2:-}
[[ $seconds =~ ^[0-9]*$ ]] || { echo "run.sh: a number of seconds, not '$seconds'" >&2; exit 2; }
[ -d "$build" ] || { echo "run.sh: no build directory $build" >&2; exit 2; }

# Memory is bounded: an input that makes us take more than this is a finding, not a slow machine. The longest message and
# the longest datagram that the shell lets in are below 64 KiB.
limits=(-rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 -max_len=65536)
ran=0 bad=0

complain() { printf 'not ok %s\n' "$*"; bad=$((bad + 1)); }

replay() { # PROGRAM NAME
    local files=("$sources/corpus/$2"/*) log
    [ -e "${files[0]}" ] || { complain "fuzz $2: no corpus"; return; }
    log=$(mktemp)
    # libFuzzer says which files it executed; a target counts only when that is all of them.
    if "$1" "${limits[@]}" -runs=1 "${files[@]}" >"$log" 2>&1 && [ "$(grep -c '^Executed ' "$log")" = ${#files[@]} ]; then
        printf 'ok fuzz %s: %d files\n' "$2" ${#files[@]}
        ran=$((ran + 1))
    else
        tail -40 "$log"
        complain "fuzz $2"
    fi
    rm -f "$log"
}

fuzz() { # PROGRAM NAME
    mkdir -p "$build/found/$2" "$build/crashes"
    if "$1" "${limits[@]}" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$build/crashes/$2-" \
        "$build/found/$2" "$sources/corpus/$2"; then
        printf 'ok fuzz %s: %d s\n' "$2" "$seconds"
        ran=$((ran + 1))
    else
        complain "fuzz $2: see $build/crashes/$2-*"
    fi
}

for source in "$sources"/*.c; do
    name=$(basename "$source" .c)
    program=$(find "$build" -type f -name "fuzz_$name" -perm -u+x | head -1)
    if [ -z "$program" ]; then
        complain "fuzz $name: not built in $build"
    elif [ -z "$seconds" ]; then
        replay "$program" "$name"
    else
        fuzz "$program" "$name"
    fi
done
printf 'figure fuzz_targets %d count\n' "$ran"
[ "$bad" = 0 ] && [ "$ran" -gt 0 ]
