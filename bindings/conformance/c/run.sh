#!/usr/bin/env bash
# Runs the shared cases over the C ABI, against a library and the bundled origin server:
#
#   bindings/conformance/c/run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan|valgrind] [AREA/CASE...]
#
# Each case runs twice, by blocking calls and in a queue. The last line is "N passed, N failed".
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/c/server.sh
. "$here/../../../tests/c/server.sh"
[ $# -ge 3 ] || die "usage: run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan|valgrind] [AREA/CASE...]"
prepare "$1" "$2" "$3" "${4:-plain}"
shift $(($# < 4 ? $# : 4))

# Lists of flags are words.
# shellcheck disable=SC2046
compile "$here/runner.c" "$work/runner" "$here"/{client,request,response,transport,values}.c \
    $(pkg-config --cflags --libs jansson)

export CONFORMANCE_PLACES=$places
passed=0
failed=0
for way in blocking queue; do
    echo "conformance ($mode, $way)"
    status=0
    launch "$work/runner" "$here/../cases" "$here/../data" "$here/../scripts.json" "$way" "$@" >"$work/log" 2>&1 || status=$?
    sed 's/^/  /' "$work/log"
    counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/log" | tail -n 1)
    read -r good bad <<<"${counts:-0 0}"
    passed=$((passed + good))
    failed=$((failed + bad))
    # A program that crashed, leaked or found no case.
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || failed=$((failed + 1))
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
