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

# The same as text, with lowest and highest; a dash where there is no base.
function ratio_text(row, base) {
    if (base == "")
        return "–"
    ratio(row, base)
    return sprintf("%.2f (%.2f–%.2f)", median, low, high)
}

# What the row says about the case's targets: "≤ 0.55 × libcurl, met". The base is a role in the same case, or a case,
# whose libhttpx is meant.
function targets_text(name, row,    t, base, all) {
    for (t = 1; t <= target_count; t++) {
        if (target_case[t] != name)
            continue
        base = of_role[name, target_base[t]]
        if (base == "")
            base = of_role[target_base[t], "libhttpx"]
        if (base == "")
            continue
        ratio(row, base)
        all = all (all == "" ? "" : "; ") sprintf("≤ %s × %s, %s", target_limit[t], target_base[t],
            median <= target_limit[t] ? "met" : sprintf("not met (%.2f)", median))
    }
    return all == "" ? "–" : all
}

function role(client) {
    return client ~ /^floor/ ? "floor" : client ~ /^libcurl/ ? "libcurl" : "libhttpx"
}

BEGIN {
    title["blocking_1"] = "blocking GET, 1 connection"
    title["queue_100"] = "100 GETs at once, the library waits"
    title["queue_fd_100"] = "100 GETs at once, the host's epoll waits"
    title["threads_8"] = "8 threads, blocking (libhttpx: one client, libcurl: a handle each)"
    title["queue_10"] = "10 GETs at once, the library waits"
    title["queue_1000"] = "1,000 GETs at once, the library waits"
    title["queue_10000"] = "10,000 GETs at once, the library waits"
    while ((getline line < targets) > 0)
        if (split(line, field, " ") == 3 && field[1] !~ /^#/) {
            target_case[++target_count] = field[1]
            target_limit[target_count] = field[2]
            target_base[target_count] = field[3]
        }
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

function counted(row) {
    return row in instructions ? instructions[row] : "–"
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
        to_curl = ratio_text(row, of_role[parts[1], "libcurl"])
        to_floor = ratio_text(row, of_role[parts[1], "floor"])
        over_rounds("cpu_us_per_request", row)
        printf "| %s | %s | %.2f (%.2f–%.2f) ", title[parts[1]], parts[2], median, low, high
        printf "| %s | %s | %s ", to_curl, to_floor, counted(row)
        printf "| %d | %.1f ", over_rounds("per_second", row), over_rounds("p50_us", row)
        printf "| %.1f |\n", over_rounds("p99_us", row)
    }
}

function print_readme(    i, row, parts, curl, floor) {
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
        printf "| %s | %s ", ratio_text(row, curl), targets_text(parts[1], row)
        printf "| %s | %s ", floor == "" ? "–" : sprintf("%.2f", ratio(row, floor)), counted(row)
        printf "| %s | %s |\n", counted(curl), counted(floor)
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
