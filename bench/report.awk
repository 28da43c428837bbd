# Makes tables of the JSON lines of a run (one flat object per line, written by run.sh and the programs).
#   part=results: RESULTS.md   part=readme: the table in README.md   part=check: whether as many programs as wanted did
# Ratios are taken within a round and then their median: what slows the machine for a minute slows both.

function text(key) {
    if (!match($0, "\"" key "\":\"[^\"]*\""))
        return ""
    return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
}

function number(key) {
    if (!match($0, "\"" key "\":[0-9.]+"))
        return ""
    return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0
}

# Sorts list[1..n] in place (n is the number of rounds, so insertion is enough).
function sort(list, n,    i, j, value) {
    for (i = 2; i <= n; i++) {
        value = list[i]
        for (j = i - 1; j > 0 && list[j] > value; j--)
            list[j + 1] = list[j]
        list[j + 1] = value
    }
}

# Sets median, low and high from list[1..n].
function summarize(list, n) {
    sort(list, n)
    median = n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
    low = list[1]
    high = list[n]
}

# The median over rounds of one measure of a client; sets low and high too.
function over_rounds(measure, row,    list, r) {
    for (r = 1; r <= rounds; r++)
        list[r] = value[measure, row, r]
    summarize(list, rounds)
    return median
}

# The same for its CPU time divided by the base's in the same round.
function ratio(row, base,    list, r) {
    for (r = 1; r <= rounds; r++)
        list[r] = value["cpu_us_per_request", row, r] / value["cpu_us_per_request", base, r]
    summarize(list, rounds)
    return median
}

function role(client) {
    return client ~ /^floor/ ? "floor" : client ~ /^libcurl/ ? "libcurl" : "libhttpx"
}

BEGIN {
    title["blocking_1"] = "blocking GET, 1 connection"
    title["queue_100"] = "100 GETs at once, the library waits"
    title["queue_fd_100"] = "100 GETs at once, the host's epoll waits"
    target["blocking_1"] = 0.65
    target["queue_100"] = 0.70
    target["queue_fd_100"] = 0.70
}

/"machine":/ {
    machine = text("machine"); libcurl = text("libcurl"); compilers = text("compilers"); date = text("date")
    load = text("load"); cpu = text("cpu"); server_cpu = text("server_cpu")
    next
}

/"instructions_per_request":/ {
    instructions[text("case") SUBSEP text("client")] = number("instructions_per_request")
    next
}

/"cpu_us_per_request":/ {
    row = text("case") SUBSEP text("client")
    if (!(row in seen)) {
        seen[row] = 1
        rows[++row_count] = row
        of_role[text("case"), role(text("client"))] = row
    }
    r = number("round")
    rounds = r > rounds ? r : rounds
    requests = number("requests")
    complete += requests > 0 && number("cpu_us_per_request") > 0 && number("wall_s") > 0 && number("p50_us") > 0
    value["cpu_us_per_request", row, r] = number("cpu_us_per_request")
    value["p50_us", row, r] = number("p50_us")
    value["p99_us", row, r] = number("p99_us")
    value["per_second", row, r] = requests / number("wall_s")
}

function where() {
    return sprintf("%s; %s; libcurl %s; %s. Client on CPU %s, server on CPU %s%s. %d rounds of %d requests.", machine,
        compilers, libcurl, date, cpu, server_cpu, cpu == server_cpu ? " (the same)" : "", rounds, requests)
}

function print_results(    i, row, parts, to_curl, to_floor) {
    print "# Results\n"
    print "Written by `bench/run.sh` from `results.jsonl`; what is measured and how: [README.md](README.md).\n"
    print where() " Load average at the start: " load ".\n"
    print "CPU is the client's user and system time per request in µs, the median of the rounds (lowest–highest)."
    print "Ratios are CPU ratios within a round, their median (lowest–highest). Instructions are those in user space,"
    print "all threads. Latencies and requests per second are medians; with client and server on one CPU they tell"
    print "about both.\n"
    print "| case | client | CPU µs/request | ÷ libcurl | ÷ floor | instructions/request | requests/s | p50 µs | p99 µs |"
    print "|---|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        split(row, parts, SUBSEP)
        ratio(row, of_role[parts[1], "libcurl"])
        to_curl = sprintf("%.2f (%.2f–%.2f)", median, low, high)
        ratio(row, of_role[parts[1], "floor"])
        to_floor = sprintf("%.2f (%.2f–%.2f)", median, low, high)
        over_rounds("cpu_us_per_request", row)
        printf "| %s | %s | %.2f (%.2f–%.2f) ", title[parts[1]], parts[2], median, low, high
        printf "| %s | %s | %d ", to_curl, to_floor, instructions[row]
        printf "| %d | %.1f ", over_rounds("per_second", row), over_rounds("p50_us", row)
        printf "| %.1f |\n", over_rounds("p99_us", row)
    }
}

function print_readme(    i, row, parts, curl, floor, met) {
    print "Measured on " where() "\n"
    print "| case | libhttpx CPU µs | libcurl CPU µs | ratio (lowest–highest) | target | ÷ floor " \
        "| instructions: libhttpx | libcurl | floor |"
    print "|---|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= row_count; i++) {
        row = rows[i]
        split(row, parts, SUBSEP)
        if (role(parts[2]) != "libhttpx")
            continue
        curl = of_role[parts[1], "libcurl"]
        floor = of_role[parts[1], "floor"]
        printf "| %s | %.2f ", title[parts[1]], over_rounds("cpu_us_per_request", row)
        printf "| %.2f ", over_rounds("cpu_us_per_request", curl)
        ratio(row, curl)
        met = median <= target[parts[1]] ? "met" : "not met"
        printf "| **%.2f** (%.2f–%.2f) | ≤ %.2f, %s ", median, low, high, target[parts[1]], met
        printf "| %.2f | %d | %d | %d |\n", ratio(row, floor), instructions[row], instructions[curl], instructions[floor]
    }
}

END {
    if (part == "results")
        print_results()
    else if (part == "readme")
        print_readme()
    else if (complete != wanted) {
        printf "bench: %d of %d programs gave numbers\n", complete, wanted > "/dev/stderr"
        exit 1
    } else
        printf "bench: all %d programs gave numbers\n", wanted
}
