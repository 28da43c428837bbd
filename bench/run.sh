#!/usr/bin/env bash
# Measures libhttpx against libcurl and the raw-socket floor, interleaved, on one server; see README.md beside this.
#   run.sh                  measure, write results.jsonl, RESULTS.md and the table in README.md
#   run.sh --smoke          run every case briefly and check that it produced numbers, and that libhttpx's instructions
#                           per request are at most 5 % above those in results.jsonl; writes nothing here
#   run.sh --instructions   count instructions only, print the lines
#   run.sh --report         write RESULTS.md and the table in README.md again from results.jsonl
# --case NAME after any of them, or alone, takes that case only; a case that is measured alone is printed, not written.
# Environment: BENCH_ROUNDS (7), BENCH_REQUESTS (50000 a run), BENCH_CPU (the last one allowed), BENCH_SERVER_CPU (the
# same), LIBHTTPX_DIR (a folder with a libhttpx.so to measure, instead of building one), CC (cc).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
out=$(realpath -m -- "${CARGO_TARGET_DIR:-$root/target}")/bench

# case, connections, instructions counted over N and 2N requests (0: not counted), programs: floor, libcurl, libhttpx
table() {
    cat <<'TABLE'
blocking_1       1 2000 floor_blocking curl_easy         httpx_blocking
threads_8        8 0                   curl_threads      httpx_threads
queue_10        10 4000 floor_epoll    curl_multi        httpx_queue
queue_100      100 4000 floor_epoll    curl_multi        httpx_queue
queue_1000    1000 0    floor_epoll    curl_multi        httpx_queue
queue_10000  10000 0    floor_epoll    curl_multi        httpx_queue
queue_fd_100   100 4000 floor_epoll    curl_multi_socket httpx_queue_fd
TABLE
}

cases() {
    table | awk -v only="$only" 'only == "" || $1 == only'
}

die() {
    echo "bench: $*" >&2
    exit 1
}

need() { # command, Debian package
    command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
}

# Prints the folder of the libhttpx.so to measure: the release profile, as it is installed.
library_dir() {
    if [ -n "${LIBHTTPX_DIR:-}" ]; then
        realpath -- "$LIBHTTPX_DIR"
        return
    fi
    make -C "$root" release >&2
    echo "$root/build/release"
}

build() {
    local flags="-std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wpedantic -Werror" lib program
    local curl_flags curl_libs
    need "${CC:-cc}" gcc
    need pkg-config pkg-config
    need taskset util-linux
    pkg-config --exists libcurl || die "libcurl is missing: apt-get install libcurl4-openssl-dev"
    curl_flags=$(pkg-config --cflags libcurl)
    curl_libs=$(pkg-config --libs libcurl)
    lib=$(library_dir)
    mkdir -p "$out"
    compile() { # program, other sources, flags
        # shellcheck disable=SC2086 # the flags are words
        (cd "$here" && "${CC:-cc}" $flags -o "$out/$1" "$1.c" "${@:2}")
    }
    compile server
    for program in floor_blocking floor_epoll; do compile $program bench.c; done
    # shellcheck disable=SC2086
    compile curl_easy bench.c $curl_flags $curl_libs
    for program in curl_multi curl_multi_socket; do
        # shellcheck disable=SC2086
        compile $program curl_load.c bench.c $curl_flags $curl_libs
    done
    # shellcheck disable=SC2086
    compile curl_threads threads.c bench.c -pthread $curl_flags $curl_libs
    local ours=(-I"$root/include" -L"$lib" -lhttpx "-Wl,-rpath,$lib")
    compile httpx_blocking bench.c "${ours[@]}"
    compile httpx_threads threads.c bench.c -pthread "${ours[@]}"
    for program in httpx_queue httpx_queue_fd; do compile $program httpx_load.c bench.c "${ours[@]}"; done
}

allowed_cpu() { # the last one: the first often serves interrupts
    taskset -pc $$ | sed 's/.*[ ,-]//'
}

start_server() {
    coproc SERVER { exec taskset -c "$server_cpu" "$out/server"; }
    server_pid=$!
    trap 'kill "$server_pid" 2>/dev/null || true' EXIT
    read -r -u "${SERVER[0]}" port || die "the server did not start"
}

run() { # case, connections, program, requests, warm-up
    taskset -c "$cpu" "$out/$3" --port "$port" --case "$1" --connections "$2" --requests "$4" --warmup "$5"
}

# Every program once per round, so that a slow minute of the machine hits all of them.
rounds() { # rounds, requests, warm-up
    local round name connections counted programs program warmup
    for ((round = 1; round <= $1; round++)); do
        while read -r name connections counted programs; do
            # The warm-up opens all connections, and uses each once more.
            warmup=$(($3 > 2 * connections ? $3 : 2 * connections))
            for program in $programs; do
                run "$name" "$connections" "$program" "$2" "$warmup" | sed "s/^{/{\"round\":$round,/"
            done
        done < <(cases)
    done
}

callgrind_total() { # case, connections, program, requests: instructions of the whole run, all threads
    local file="$out/callgrind.$3.$4"
    taskset -c "$cpu" valgrind --tool=callgrind --callgrind-out-file="$file" "$out/$3" --port "$port" \
        --connections "$2" --requests "$4" --warmup 500 >"$file.json" 2>"$file.log" ||
        die "callgrind: $(tail -3 "$file.log")"
    sed -n 's/^totals: *//p' "$file"
}

# Two run lengths: what start-up and warm-up cost is in both, and the difference is N requests.
# With "libhttpx" of that only, which is the last program of a case.
instructions() {
    local name connections counted programs program client once twice
    while read -r name connections counted programs; do
        [ "$counted" -gt 0 ] || continue
        [ "${1:-}" != libhttpx ] || programs=${programs##* }
        for program in $programs; do
            once=$(callgrind_total "$name" "$connections" "$program" "$counted")
            twice=$(callgrind_total "$name" "$connections" "$program" $((2 * counted)))
            client=$(sed 's/.*"client":"\([^"]*\)".*/\1/' "$out/callgrind.$program.$counted.json")
            echo "{\"case\":\"$name\",\"client\":\"$client\"," \
                "\"instructions_per_request\":$(((twice - once) / counted))}"
        done
    done < <(cases)
}

machine() {
    local model kernel compilers
    model=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1)
    kernel=$(uname -sr | cut -d- -f1)
    compilers="$("${CC:-cc}" --version | head -1), $(rustc --version)"
    echo "{\"machine\":\"$model, $(nproc) CPUs, $kernel $(uname -m)\",\"compilers\":\"$compilers\"," \
        "\"libcurl\":\"$(pkg-config --modversion libcurl)\",\"cpu\":\"$cpu\",\"server_cpu\":\"$server_cpu\"," \
        "\"date\":\"$(date -u +%F)\",\"load\":\"$(cut -d' ' -f1 /proc/loadavg)\"}"
}

report() {
    awk -f "$here/report.awk" -v targets="$here/targets.txt" -v part=results "$here/results.jsonl" >"$here/RESULTS.md"
    awk -f "$here/report.awk" -v targets="$here/targets.txt" -v part=readme "$here/results.jsonl" >"$out/numbers.md"
    awk -v numbers="$out/numbers.md" '
        /^<!-- numbers -->$/ { print; while ((getline line < numbers) > 0) print line; inside = 1 }
        /^<!-- end of numbers -->$/ { inside = 0 }
        !inside
    ' "$here/README.md" >"$out/README.md"
    cp "$out/README.md" "$here/README.md"
}

only=
mode=
while [ $# -gt 0 ]; do
    case $1 in
    --case)
        only=${2:?--case needs the name of a case}
        shift
        ;;
    *) mode=$1 ;;
    esac
    shift
done
[ -n "$(cases)" ] || die "there is no case $only; there are:$(table | awk '{ printf " %s", $1 }')"
cpu=${BENCH_CPU:-$(allowed_cpu)}
server_cpu=${BENCH_SERVER_CPU:-$cpu}
case $mode in
--smoke)
    need valgrind valgrind
    build
    start_server
    rounds 1 400 200 | tee "$out/smoke.jsonl"
    wanted=$(cases | awk '{ n += NF - 3 } END { print n }')
    awk -f "$here/report.awk" -v targets="$here/targets.txt" -v part=check -v wanted="$wanted" "$out/smoke.jsonl"
    instructions libhttpx >"$out/instructions.jsonl"
    awk -f "$here/instructions.awk" -v tolerance=5 "$here/results.jsonl" "$out/instructions.jsonl"
    ;;
--instructions)
    need valgrind valgrind
    build
    start_server
    instructions
    ;;
--report)
    mkdir -p "$out"
    report
    ;;
'')
    need valgrind valgrind
    build
    start_server
    {
        machine
        rounds "${BENCH_ROUNDS:-7}" "${BENCH_REQUESTS:-50000}" 5000
        instructions
    } | tee "$out/results.jsonl"
    [ -z "$only" ] || exit 0
    cp "$out/results.jsonl" "$here/results.jsonl"
    report
    echo "wrote bench/RESULTS.md" >&2
    ;;
*) die "unknown argument $mode" ;;
esac
