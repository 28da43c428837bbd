#!/usr/bin/env bash
# Compiles the examples, runs them against the bundled origin server, and checks what they print:
#
#   examples-c/run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan|valgrind]
#
# `--wrap asan` is the same as `asan`. The last line is "N passed, N failed, N skipped"; with STRICT=1 nothing is skipped.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/c/server.sh
. "$here/../tests/c/server.sh"
[ $# -ge 3 ] || die "usage: run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan|valgrind]"
[ "${4:-}" != --wrap ] || set -- "$1" "$2" "$3" "${5:?--wrap needs asan or valgrind}"
prepare "$1" "$2" "$3" "${4:-plain}"

passed=0
failed=0
skipped=0

fail() {
    failed=$((failed + 1))
    echo "FAIL  $1"
    echo
}

# example NAME PATTERN...: the program exits with 0, prints nothing on standard error, and its output has a line for each
# pattern. `arguments` and `libraries` are the program's and the linker's.
arguments=()
libraries=()
example() {
    local name=$1 pattern status=0
    shift
    # The folder of the scratch files is not the same twice.
    echo "== $name ${arguments[*]/#$work/…}"
    if [ ! -x "$work/$name" ] && ! compile "$here/$name.c" "$work/$name" "${libraries[@]}"; then
        fail "$name does not compile"
        return
    fi
    launch "$work/$name" "${arguments[@]}" >"$work/out" 2>"$work/err" || status=$?
    # A progress line overwrites itself on a terminal; its last state is enough here.
    sed 's/.*\r//' "$work/out"
    cat "$work/err"
    [ "$status" -eq 0 ] || {
        fail "$name: exit status $status"
        return
    }
    [ ! -s "$work/err" ] || {
        fail "$name: it complained"
        return
    }
    for pattern in "$@"; do
        sed 's/\r/\n/g' "$work/out" | grep -Eq -- "$pattern" || {
            fail "$name: its output has no line like: $pattern"
            return
        }
    done
    passed=$((passed + 1))
    echo "ok    $name"
    echo
}

export TMPDIR=$work

arguments=("$http")
example get '^HTTP/1\.1 200 OK$' '^[Cc]ontent-[Tt]ype: application/json' '^the body is application/json' \
    '"greeting": *"hello"' '^[0-9]+ bytes in [0-9.]+ ms$'
arguments=("$https" "$ca")
example get '^HTTP/1\.1 200 OK$' '"url": *"https://127\.0\.0\.1:[0-9]+/get\?greeting=hello"'

arguments=("$http")
example post_json '^POST http://.*/post: 200$' '"name": *"libhttpx"' '[Cc]ontent-[Tt]ype": *"application/json"' \
    '[Xx]-[Rr]equest-[Ii]d": *"example-1"'
example stream_download '^\[#{40}\]  1000000 of 1000000 bytes$' '^\[#+\.+\] +[0-9]+ of 1000000 bytes$' \
    '^downloaded 1000000 bytes$'
example upload_file '^file: ' '"sha256": *"[0-9a-f]{64}"' '"size": *300000' '"chunked": *false' \
    '^pipe: ' '"size": *47000' '"chunked": *true'
example async_queue '^100 requests are under way$' '^100 answered, 0 failed$'
arguments=()
example mock_transport '^200 \{"method": "GET", "count": 2\}$' '^ConnectError: nobody is at home$'
arguments=("$http")
if pkg-config --exists libuv 2>/dev/null; then
    read -r -a libraries <<<"$(pkg-config --cflags --libs libuv)"
    example libuv_loop '/get: 200$' '/delay/1: 200$' '^5 requests, 0 failed, and the timer ticked meanwhile$'
    libraries=()
elif [ "${STRICT:-0}" = 1 ]; then
    fail "libuv_loop: pkg-config does not find libuv, and STRICT=1 allows no skip"
else
    skipped=$((skipped + 1))
    echo "SKIP  libuv_loop: pkg-config does not find libuv (Debian and Ubuntu: apt-get install libuv1-dev)"
    echo
fi
example errors '^  ConnectionRefused < ConnectError < NetworkError < TransportError < RequestError < HTTPError$' \
    '^  errno: Connection refused$' '^  DNSError < ConnectError < ' '^  ReadTimeout < TimeoutException < ' \
    '^  InvalidURL$' '^  HTTPStatusError < HTTPError$' \
    "^  Client error '404 Not Found' for url 'http://.*/status/404'" '^  request: GET http://does-not-exist\.invalid/$'

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
