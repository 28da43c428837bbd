#!/usr/bin/env bash
# Installs libhttpx as a distribution would and uses it as a stranger would: tests/package/run.sh SERVER_BINARY
#
# The consumers are built outside the tree, from an installation that was moved after it was made and has a space in its path.
# Environment: HTTPX_CARGO_PROFILE (dev) is what is installed, CARGO_TARGET_DIR where cargo builds it.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$here/../.." && pwd)
[ $# -eq 1 ] || {
    echo "usage: tests/package/run.sh SERVER_BINARY" >&2
    exit 2
}
server=$(realpath -- "$1")
version=$("$root/scripts/relink" --version)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}

work=$(mktemp -d)
server_pid=
finish() {
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
    rm -rf -- "$work"
}
trap finish EXIT

passed=0
failed=0
skipped=0

# check NAME COMMAND...: one test. What it prints is shown only when it fails.
check() {
    local name=$1 status
    shift
    # In a subshell and outside a condition: there errexit holds, so that every line of a check must succeed.
    set +e
    (
        set -e
        "$@"
    ) >"$work/log" 2>&1 </dev/null
    status=$?
    set -e
    if [ $status -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok    $name"
    else
        failed=$((failed + 1))
        echo "FAIL  $name: $*"
        sed 's/^/      /' "$work/log"
    fi
}

absent() {
    if grep "$@"; then return 1; fi
}

skip() {
    skipped=$((skipped + 1))
    echo "SKIP  $1: $2"
}

prefix="$work/moved here/libhttpx"
lib="$prefix/lib"

install_and_move() {
    cmake -S "$root" -B "$work/build" -DHTTPX_CARGO_PROFILE="${HTTPX_CARGO_PROFILE:-dev}" -DCMAKE_INSTALL_LIBDIR=lib
    cmake --build "$work/build"
    cmake --install "$work/build" --prefix "$work/first home"
    mkdir -p "$work/moved here"
    mv "$work/first home" "$prefix"
}

# A distribution's build: a staged root, and a library folder with the machine's name. No path of the build may be inside.
staged_install() {
    cmake -S "$root" -B "$work/staged build" -DHTTPX_CARGO_PROFILE="${HTTPX_CARGO_PROFILE:-dev}" \
        -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib/some-machine
    cmake --build "$work/staged build"
    DESTDIR="$work/staged root" cmake --install "$work/staged build"
    local to="$work/staged root/usr"
    test -f "$to/include/httpx/httpx.h"
    test -f "$to/lib/some-machine/libhttpx.so.$version"
    test -f "$to/lib/some-machine/cmake/httpx/httpxConfig.cmake"
    absent -rIF -e "$work" -e "$root" "$to"
    PKG_CONFIG_PATH="$to/lib/some-machine/pkgconfig" pkg-config --variable=includedir libhttpx |
        grep -F 'lib/some-machine/pkgconfig/../../../include'
}

shared_library_is_hardened() {
    readelf -dW "$lib/libhttpx.so" >"$work/dynamic"
    grep -q "SONAME.*\[libhttpx.so.${version%%.*}\]" "$work/dynamic"
    grep -q 'FLAGS_1.*NOW.*NODELETE' "$work/dynamic"
    absent -E 'RPATH|RUNPATH|TEXTREL' "$work/dynamic"
    readelf -lW "$lib/libhttpx.so" | grep -q GNU_RELRO
    readelf -lW "$lib/libhttpx.so" | grep 'GNU_STACK.* RW '
    test "$(readlink "$lib/libhttpx.so.${version%%.*}")" = "libhttpx.so.$version"
}

# Nothing but the functions of the header: not even Rust's own names.
archive_shows_only_httpx() {
    nm -g --defined-only "$lib/libhttpx.a" | awk 'NF == 3 { print $3 }' | sort | diff - <(sort "$root/cmake/libhttpx.symbols")
}

needs_shared_library() { readelf -dW "$1" | grep -q "NEEDED.*libhttpx.so.${version%%.*}"; }
needs_versioned_symbols() { nm -D "$1" | grep -q ' U httpx_version@HTTPX_0'; }
needs_no_shared_library() { ! readelf -dW "$1" | grep 'NEEDED.*libhttpx'; }

# consumers NAME BUILD_DIR CMAKE_ARGS...: builds the CMake consumer and runs its programs.
consumers() {
    local name=$1 build=$2
    shift 2
    check "$name: configures" cmake -S "$work/consumer" -B "$build" "$@"
    check "$name: builds" cmake --build "$build"
    check "$name: shared runs" "$build/shared" "$version" "$url"
    check "$name: shared is shared" needs_shared_library "$build/shared"
    check "$name: static runs" "$build/static" "$version" "$url"
    check "$name: static is static" needs_no_shared_library "$build/static"
    [ -z "$zstd" ] || for order in zstd_before zstd_after; do
        check "$name: static beside the host's libzstd ($order)" "$build/$order" "$zstd_version" "$url"
    done
}

# compile CC OUT PACKAGE SOURCE...: what a Makefile does with pkg-config. --fatal-warnings: the archive must link in silence.
compile() {
    local cc=$1 out=$2 package=$3 flags
    shift 3
    # pkg-config escapes for the shell: its output is meant to be read by one.
    eval "flags=($(pkg-config --cflags --libs "$package"))"
    "$cc" -Wall -Wextra -Werror -o "$out" "$@" "${flags[@]}" -Wl,--fatal-warnings
}

# README.md's first program, as printed but for the address: it is compiled as the README says and prints what it says.
readme_program() {
    awk '/^```c$/ { inside = 1; next } /^```$/ && inside { exit } inside' "$root/README.md" |
        sed 's#"http://127\.0\.0\.1:8000/", 22,#"'"$url"'", '${#url}',#' >"$work/readme.c"
    grep -qF "\"$url\", ${#url}," "$work/readme.c"
    compile "${CC:-cc}" "$work/readme program" libhttpx "$work/readme.c" "-Wl,-rpath,$lib"
    "$work/readme program" | tee "$work/readme.out"
    grep -qx "$(sed -n 's/^OK, /&/p' "$root/README.md")" "$work/readme.out"
}

cp -r "$here/consumer" "$work/consumer"

# The server tells its ports in one line of JSON, and ends when its stdin does: with this script at the latest.
coproc SERVER { exec "$server" --ca-dir "$work/server"; }
# shellcheck disable=SC2153 # coproc sets it
server_pid=$SERVER_PID
read -r -t 30 -u "${SERVER[0]}" ports || {
    echo "the test server did not start" >&2
    exit 1
}
[[ $ports =~ \"http\":\ *([0-9]+) ]]
url="http://127.0.0.1:${BASH_REMATCH[1]}/get"

# The archive itself, not -lzstd: a static host is where names clash. (Debian's .pc does not say where it is; the compiler knows.)
zstd=$("${CC:-cc}" -print-file-name=libzstd.a)
if [ -f "$zstd" ]; then
    zstd_version=$(pkg-config --modversion libzstd)
else
    zstd=
    skip "static beside the host's libzstd" "libzstd.a is missing (libzstd-dev)"
fi

check "installs, and the installation can be moved" install_and_move
check "staged installation (DESTDIR, CMAKE_INSTALL_LIBDIR)" staged_install
check "shared library: SONAME, RELRO, NOW, NODELETE, no executable stack" shared_library_is_hardened
check "static library shows only what the header declares" archive_shows_only_httpx

consumers find_package "$work/by find_package" -DCMAKE_PREFIX_PATH="$prefix" -DHTTPX_VERSION="$version" -DZSTD_ARCHIVE="$zstd"
consumers FetchContent "$work/by FetchContent" -DHTTPX_SOURCE_DIR="$root" -DHTTPX_CARGO_PROFILE="${HTTPX_CARGO_PROFILE:-dev}" \
    -DZSTD_ARCHIVE="$zstd"

# Classic pkg-config does not escape the folder of a .pc; pkgconf does. The former gets a way there without a space.
pc_dir="$lib/pkgconfig"
if ! PKG_CONFIG_PATH="$pc_dir" pkg-config --cflags libhttpx | grep -qF '\ '; then
    ln -s "$prefix" "$work/without-space"
    pc_dir="$work/without-space/lib/pkgconfig"
    skip "pkg-config with a space in the path" "this pkg-config cannot; pkgconf can"
fi
check "another Rust library builds" rustc --crate-type staticlib -o "$work/libneighbour.a" "$work/consumer/neighbour.rs"
export PKG_CONFIG_PATH="$pc_dir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"

check "README.md's program compiles and prints what the README says" readme_program

for cc in gcc clang; do
    command -v "$cc" >/dev/null || {
        skip "pkg-config with $cc" "$cc is missing"
        continue
    }
    get="$work/consumer/get.c"
    check "pkg-config, $cc: shared builds" compile "$cc" "$work/$cc shared" libhttpx "$get" "-Wl,-rpath,$lib"
    check "pkg-config, $cc: shared runs" "$work/$cc shared" "$version" "$url"
    check "pkg-config, $cc: shared asks for versioned symbols" needs_versioned_symbols "$work/$cc shared"
    check "pkg-config, $cc: static builds" compile "$cc" "$work/$cc static" libhttpx-static "$get"
    check "pkg-config, $cc: static runs" "$work/$cc static" "$version" "$url"
    check "pkg-config, $cc: static is static" needs_no_shared_library "$work/$cc static"
    check "pkg-config, $cc: two Rust libraries in one program build" compile "$cc" "$work/$cc neighbours" libhttpx-static \
        "$work/consumer/neighbours.c" "$work/libneighbour.a"
    check "pkg-config, $cc: two Rust libraries in one program run" "$work/$cc neighbours"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && { [ "${STRICT:-0}" = 0 ] || [ "$skipped" -eq 0 ]; }
