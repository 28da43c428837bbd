#!/usr/bin/env bash
# Runs C programs against other people's servers and proxies:
#
#   tests/peers/run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan|valgrind] [PEER [TEST...]]
#
# With PEER only its programs run ("nginx", or one line of it: "nginx/certificates"). A peer that this machine does not have
# is skipped, loudly, and with STRICT=1 a skip is a failure. The last line is "N passed, N failed".
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/c/server.sh
. "$here/../c/server.sh"
[ $# -ge 3 ] || die "usage: run.sh LIBDIR INCLUDEDIR SERVER_BINARY [plain|asan|valgrind] [PEER [TEST...]]"
prepare "$1" "$2" "$3" "${4:-plain}"
only=${5:-}
shift $(($# < 5 ? $# : 5))

# Peers are on this machine; a proxy of the surroundings has no business with them.
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
export HTTPX_TEST_WATCHDOG=60
[ "$mode" = plain ] || export HTTPX_TEST_WATCHDOG=300

passed=0
failed=0
skipped=()
broken=()

# The launcher ends its peers when its standard input ends, which happens in any case when this script does.
mkfifo "$work/peers-stdin" "$work/peers-stdout"
build=$here/../../build
python3 "$here/launch.py" --backend "$http" --dir "$build/peers" --venv "$build/peers-venv" \
    <"$work/peers-stdin" >"$work/peers-stdout" 8>&- 9<&- &
launcher=$!
exec 6>"$work/peers-stdin" 7<"$work/peers-stdout"
trap 'exec 6>&-; wait "$launcher" || true; stop' EXIT
read -r -t 120 -u 7 facts || die "the peers did not start"

# From the launcher's line of JSON: port[peer/name], missing[peer], certificates, files.
declare -A port=() missing=()
certificates='' files=''
eval "$(python3 -c '
import json, shlex, sys
facts = json.load(sys.stdin)
for peer, ports in facts["peers"].items():
    for name, number in ports.items():
        print(f"port[{peer}/{name}]={number}")
for peer, reason in facts["missing"].items():
    print(f"missing[{peer}]={shlex.quote(reason)}")
for name in "certificates", "files":
    print(f"{name}={shlex.quote(facts[name])}")
' <<<"$facts")"
export HTTPX_PEER_CERTIFICATES=$certificates HTTPX_PEER_FILES=$files

# run PEER LABEL PROGRAM [VARIABLE=VALUE...]: one program against one peer, unless the peer is missing.
arguments=("$@")
run() {
    local peer=$1 label=$1/$2 program=$3 status=0 counts good bad
    shift 3
    [[ -z $only || $only = "$peer" || $only = "$label" ]] || return 0
    if [ -n "${missing[$peer]:-}" ]; then
        skipped+=("$label: ${missing[$peer]}")
        return
    fi
    echo "$label ($mode)"
    if [ ! -x "$work/$program" ] && ! compile "$here/$program.c" "$work/$program"; then
        failed=$((failed + 1))
        broken+=("$label: does not compile")
        return
    fi
    # shellcheck disable=SC2163 # these are assignments
    (export "$@" && launch "$work/$program" "${arguments[@]}") >"$work/log" 2>&1 6>&- 7<&- || status=$?
    sed 's/^/  /' "$work/log"
    # The count is in the last line that looks like one; a program that died has none.
    counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/log" | tail -n 1)
    read -r good bad <<<"${counts:-$(grep -c '^ok' "$work/log" || true) 0}"
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$status" -ne 0 ]; then
        [ "$bad" -gt 0 ] || failed=$((failed + 1))
        broken+=("$label: exit status $status")
    fi
}

# The ports of a peer: "name=port " for each.
ports_of() {
    local key list=" "
    for key in "${!port[@]}"; do
        [[ $key != "$1"/* ]] || list+="${key#*/}=${port[$key]} "
    done
    echo "$list"
}

# ---- which programs run against which peers

# origin PEER LABEL PORT VERSION CODING [LACKS]: the table of cases that every origin server gets. VERSION is "1.1", "2" (by
# ALPN) or "2-only" (without HTTP/1.1, so also without TLS).
origin() {
    local scheme=http
    [[ $3 != https ]] || scheme=https
    run "$1" "$2" origin "HTTPX_PEER_URL=$scheme://localhost:${port[$1/$3]:-}" "HTTPX_PEER_VERSION=$4" \
        "HTTPX_PEER_CODING=$5" "HTTPX_PEER_LACKS=${6:-}"
}

origin nginx http http 1.1 gzip
origin nginx https https 1.1 gzip
origin nginx h2 https 2 gzip
origin caddy http http 1.1 zstd
origin caddy https https 1.1 zstd
origin caddy h2 https 2 zstd
origin caddy h2c http 2-only zstd
origin apache http http 1.1 gzip
origin apache https https 1.1 gzip
origin apache h2 https 2 gzip
origin apache h2c http 2-only gzip
origin httpbin http http 1.1 gzip
origin hypercorn http http 1.1 gzip
origin hypercorn https https 1.1 gzip
origin hypercorn h2 https 2 gzip
origin hypercorn h2c http 2-only gzip
origin nghttpd h2c h2c 2-only "" "coding range port"
origin nghttpd-tls h2 https 2-only "" "coding range port"

run nghttpd nghttpd nghttpd "HTTPX_PEER_URL=http://localhost:${port[nghttpd/h2c]:-}" HTTPX_PEER_VERSION=2-only
run nghttpd-tls nghttpd nghttpd "HTTPX_PEER_URL=https://localhost:${port[nghttpd-tls/https]:-}" HTTPX_PEER_VERSION=2
run nginx nginx nginx HTTPX_PEER_VERSION=1.1 "HTTPX_PEER_PORTS=$(ports_of nginx)"
run nginx nginx-h2 nginx HTTPX_PEER_VERSION=2 "HTTPX_PEER_PORTS=$(ports_of nginx)"
run nginx certificates certificates "HTTPX_PEER_PORTS=$(ports_of nginx)"
run nginx mtls mtls "HTTPX_PEER_URL=https://localhost:${port[nginx/mtls]:-}" HTTPX_PEER_LACKS=alert
run nginx mtls-tls1.2 mtls "HTTPX_PEER_URL=https://localhost:${port[nginx/mtls-tls1.2]:-}" HTTPX_PEER_LACKS=alert
run apache mtls mtls "HTTPX_PEER_URL=https://localhost:${port[apache/mtls]:-}" HTTPX_PEER_LACKS=report
run apache digest digest "HTTPX_PEER_URL=http://localhost:${port[apache/http]:-}"
run httpbin httpbin httpbin "HTTPX_PEER_URL=http://localhost:${port[httpbin/http]:-}"

# proxy PEER LABEL PORT SCHEME VERSION [LACKS]: the table of cases that every proxy gets; behind it is nginx.
proxy() {
    [ -z "${missing[nginx]:-}" ] || missing[$1]=${missing[$1]:-no nginx behind it}
    run "$1" "$2" proxy "HTTPX_PEER_PROXY=$4://localhost:${port[$1/$3]:-}" "HTTPX_PEER_VERSION=$5" \
        "HTTPX_PEER_LACKS=${6:-}" "HTTPX_PEER_URL=http://localhost:${port[nginx/http]:-}" \
        "HTTPX_PEER_TLS_URL=https://localhost:${port[nginx/https]:-}" "HTTPX_PEER_PORTS=$(ports_of nginx)"
}

proxy squid http http http 1.1 dns
proxy squid http-h2 http http 2 dns
proxy squid https https https 1.1 dns
proxy squid https-h2 https https 2 dns
proxy tinyproxy http http http 1.1 "dns hosts auth"
proxy tinyproxy-auth http http http 1.1 "dns hosts"
proxy pproxy http any http 1.1 "dns hosts auth refusal"
proxy pproxy http-auth auth http 1.1 "dns hosts refusal"
proxy pproxy https https https 1.1 "dns hosts auth refusal"
proxy pproxy socks5 any socks5 1.1 "hosts auth refusal forwarding"
proxy pproxy socks5-auth auth socks5 1.1 "hosts refusal forwarding"
proxy pproxy socks5-h2 any socks5 2 "hosts auth refusal forwarding"
proxy microsocks socks5 socks5 socks5 1.1 "hosts forwarding"
proxy microsocks socks5h-h2 socks5 socks5h 2 "hosts forwarding"

# ---- what came of it

for reason in "${skipped[@]}"; do
    echo "!!!! SKIPPED $reason"
    [ "${STRICT:-0}" = 0 ] || failed=$((failed + 1))
done
[ ${#broken[@]} -eq 0 ] || printf 'FAIL  %s\n' "${broken[@]}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
