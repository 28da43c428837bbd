#!/usr/bin/env bash
# Runs the C tests against a library and the bundled origin server:
#
#   tests/c/run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan|valgrind] [PROGRAM [TEST...]]
#
# Every tests/c/*.c is a program; with PROGRAM only that one runs, with TEST only those tests of it. The last line is
# "N passed, N failed": tests, where a program that crashed or hung counts as one failure more.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/c/server.sh
. "$here/server.sh"
[ $# -ge 3 ] || die "usage: run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan|valgrind] [PROGRAM [TEST...]]"
prepare "$1" "$2" "$3" "${4:-plain}"
only=${5:-}
shift $(($# < 5 ? $# : 5))

export HTTPX_TEST_HTTP=$http HTTPX_TEST_HTTPS=$https HTTPX_TEST_UNIX=$unix HTTPX_TEST_CA=$ca
export HTTPX_TEST_PLACES=$places
export HTTPX_TEST_SYMBOLS=$here/../../cmake/libhttpx.symbols
export HTTPX_TEST_WATCHDOG=60
[ "$mode" = plain ] || export HTTPX_TEST_WATCHDOG=300

# Whether a log has nothing to complain of but leaks.
only_leaks() {
    [ "$mode" = asan ] && grep -q 'LeakSanitizer: detected memory leaks' "$1" &&
        ! grep -qE 'ERROR: AddressSanitizer|runtime error:|^FAIL' "$1"
}

passed=0
failed=0
broken=()
for source in "$here"/*.c; do
    name=$(basename -- "$source" .c)
    [ -z "$only" ] || [ "$name" = "$only" ] || continue
    echo "$name ($mode)"
    if ! compile "$source" "$work/$name"; then
        failed=$((failed + 1))
        broken+=("$name: does not compile")
        continue
    fi
    status=0
    launch "$work/$name" "$@" >"$work/log" 2>&1 || status=$?
    # The leak checker looks at a process with threads while it ends, and may miss a pointer: it has to say so twice.
    if [ "$status" -ne 0 ] && only_leaks "$work/log"; then
        sed 's/^/  /' "$work/log"
        echo "  !!!! $name: a leak was reported; it counts if it is reported again"
        status=0
        launch "$work/$name" "$@" >"$work/log" 2>&1 || status=$?
    fi
    sed 's/^/  /' "$work/log"
    # The count is in the last line that looks like one; a program that died has none.
    counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/log" | tail -n 1)
    read -r good bad <<<"${counts:-$(grep -c '^ok' "$work/log" || true) 0}"
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$status" -ne 0 ]; then
        [ "$bad" -gt 0 ] || failed=$((failed + 1))
        broken+=("$name: exit status $status")
    fi
done

[ ${#broken[@]} -eq 0 ] || printf 'FAIL  %s\n' "${broken[@]}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
