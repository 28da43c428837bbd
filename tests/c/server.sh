# For sourcing: starts the origin server for a script, compiles C programs against the library, and runs them plainly,
# under AddressSanitizer or under valgrind. The caller has `set -euo pipefail`.
#
#   prepare LIBDIR INCLUDEDIR SERVER_BINARY MODE    sets work (a scratch folder), http, https, unix, ca, places
#   compile SOURCE PROGRAM [FLAG...]
#   launch PROGRAM [ARGUMENT...]                    runs it as MODE says
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2054 # the sourcing script uses the names; compilers take lists with commas

prepare() {
    libdir=$(cd -- "$1" && pwd)
    includedir=$(cd -- "$2" && pwd)
    mode=$4
    read -r -a cc <<<"${CC:-cc}"
    case $mode in
        plain | asan) ;;
        valgrind) command -v valgrind >/dev/null || die "valgrind is missing" ;;
        *) die "the mode is plain, asan or valgrind, not $mode" ;;
    esac
    [ -e "$libdir/libhttpx.so" ] || die "$libdir/libhttpx.so: no such file; run make lib first"
    [ -x "$3" ] || die "$3: no such program; run make lib first"

    # The library trusts the environment; what it says here is not what is tested.
    unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSLKEYLOGFILE

    work=$(mktemp -d)
    trap stop EXIT
    # The server serves until its standard input ends, so it never outlives this script, however that ends.
    mkfifo "$work/stdin" "$work/stdout"
    "$3" --ca-dir "$work/ca" <"$work/stdin" >"$work/stdout" &
    server_pid=$!
    exec 8>"$work/stdin" 9<"$work/stdout"
    local line
    read -r -t 30 -u 9 line || die "the server did not start"
    http=http://127.0.0.1:$(number http "$line")
    https=https://127.0.0.1:$(number https_h1 "$line")
    unix=$(text unix "$line")
    ca=$(text ca "$line")
    places=$line
}

die() {
    echo "$(basename -- "$0"): $*" >&2
    exit 1
}

# One member of the server's line of JSON.
number() {
    sed -n "s/.*\"$1\": *\([0-9][0-9]*\).*/\1/p" <<<"$2"
}

text() {
    sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<<"$2"
}

stop() {
    exec 8>&- 9<&-
    [ -z "${server_pid:-}" ] || wait "$server_pid" || true
    rm -rf -- "$work"
}

compile() {
    local source=$1 program=$2
    shift 2
    local flags=(-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -pedantic -Werror -pthread)
    [ "$mode" != asan ] || flags+=(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    "${cc[@]}" "${flags[@]}" -I"$includedir" "$source" -o "$program" -L"$libdir" -Wl,-rpath,"$libdir" -lhttpx "$@"
}

# The server's pipes are not the program's business.
launch() {
    local wrap=()
    [ "$mode" != valgrind ] || wrap=(valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect
        --show-leak-kinds=definite,indirect --error-exitcode=99 --trace-children=yes --num-callers=40)
    "${wrap[@]}" "$@" 8>&- 9<&-
}
