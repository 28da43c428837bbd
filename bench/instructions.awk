# Compares instructions per request with the committed ones: results.jsonl first, then the new lines. Fails when one of
# libhttpx's grew by more than the tolerance; says when there is no committed number to compare with.
function text(key) {
    match($0, "\"" key "\":\"[^\"]*\"")
    return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
}

!/"instructions_per_request":/ || text("client") !~ /^libhttpx/ { next }

{
    match($0, "\"instructions_per_request\":[0-9]+")
    count = substr($0, RSTART + 27, RLENGTH - 27) + 0
    if (FNR == NR) {
        committed[text("case")] = count
        next
    }
    compared++
    if (!(text("case") in committed)) {
        printf "%-14s %7d instructions per request, none committed\n", text("case"), count
        next
    }
    change = 100 * (count / committed[text("case")] - 1)
    verdict = change > tolerance ? "TOO MANY" : "ok"
    failed += change > tolerance
    printf "%-14s %7d instructions per request, committed %7d: %+.1f %%, %s\n", text("case"), count,
        committed[text("case")], change, verdict
}

END {
    if (!compared)
        print "bench: nothing was counted" > "/dev/stderr"
    exit failed > 0 || !compared
}
