#!/usr/bin/env bash
# Compiles and runs every example of the guide against the bundled origin server, and compares what it prints:
#
#   docs/guide/run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan] [PAGE...]
#
# A page is a file's name, such as quickstart.md. The last line is "N passed, N failed": examples, where a page that does
# not compile counts as one. guide.py tells how pages are read.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/c/server.sh
. "$here/../../tests/c/server.sh"
[ $# -ge 3 ] || die "usage: run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan] [PAGE...]"
case ${4:-plain} in plain | asan) ;; *) die "the mode is plain or asan, not $4" ;; esac
prepare "$1" "$2" "$3" "${4:-plain}"
shift $(($# < 4 ? $# : 4))

# The folder that the examples find their files in, and the CA that they trust without saying so.
mkdir -- "$work/home"
cd -- "$work/home"
printf 'a report\n' >report.xls
keys=$here/../../tests/rust/data/tls
cat -- "$keys/ec.pem" "$keys/ec.pkcs8.key" >client.pem
cp -- "$keys/ec.pkcs8.key" client.key
cp -- "$keys/ec.pbes2-aes256.key" encrypted.key
printf 'foo' >foo.png
printf 'bar' >bar.png
printf 'machine 127.0.0.1\nlogin user\npassword pass\n' | tee .netrc >other.netrc
chmod 600 .netrc
export HOME=$PWD TMPDIR=$work SSL_CERT_FILE=$ca HTTPX_TEST_PLACES=$places
unset SSL_CERT_DIR

passed=0
failed=0

# Adds what the last line of a log has counted, and shows the others.
count() {
    local good bad
    sed '$d; s/^/  /' "$work/log"
    read -r good bad <<<"$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/log" | tail -n 1)"
    passed=$((passed + ${good:-0}))
    failed=$((failed + ${bad:-1}))
}

if [ $# -eq 0 ]; then
    set -- "$here"/*.md
    echo "links"
    python3 "$here/guide.py" links "$here" >"$work/log" || true
    count
fi
for page in "$@"; do
    page=$here/$(basename -- "$page")
    name=$(basename -- "$page" .md)
    echo "$name ($mode)"
    python3 "$here/guide.py" source "$page" >"$work/$name.c"
    if ! compile "$work/$name.c" "$work/$name" -I"$here" -Wno-unused-function; then
        failed=$((failed + 1))
        echo "FAIL  $name does not compile"
        continue
    fi
    python3 "$here/guide.py" check "$page" "$work/$name" 8>&- 9<&- >"$work/log" || true
    count
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
