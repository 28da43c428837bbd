#!/usr/bin/env bash
# Compiles every installed header alone, in every standard of its language, with gcc and clang: tests/package/header.sh
# httpx_cdef.h is no header for a compiler (cffi reads it) and is left out.
set -euo pipefail

include=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../include" && pwd)
passed=0
failed=0
skipped=0

# An older compiler knows C23 by its working name.
standards() { # compiler, language
    local standard
    if [ "$2" = c ]; then
        printf '%s\n' c99 c11 c17
        for standard in c23 c2x; do
            "$1" -std=$standard -fsyntax-only -x c /dev/null 2>/dev/null && echo $standard && return
        done
        echo c23
    else
        printf '%s\n' c++11 c++14 c++17 c++20
    fi
}

# compile COMPILER LANGUAGE HEADER: included twice, because a header must bear that.
compile() {
    local standard log
    for standard in $(standards "$1" "$2"); do
        if log=$(printf '#include <httpx/%s>\n#include <httpx/%s>\nint answer(void);\nint answer(void) { return 42; }\n' "$3" "$3" |
            "$1" -std="$standard" -Wall -Wextra -pedantic -Werror -fsyntax-only -I"$include" -x "$2" - 2>&1); then
            passed=$((passed + 1))
            echo "ok    $3 as $standard with $1"
        else
            failed=$((failed + 1))
            echo "FAIL  $3 as $standard with $1"
            printf "%s\n" "$log" | sed "s/^/      /"
        fi
    done
}

for pair in gcc:g++ clang:clang++; do
    cc=${pair%:*}
    cxx=${pair#*:}
    for compiler in "$cc" "$cxx"; do
        command -v "$compiler" >/dev/null || {
            skipped=$((skipped + 1))
            echo "SKIP  headers with $compiler: it is missing"
            continue 2
        }
    done
    compile "$cc" c httpx.h
    compile "$cxx" c++ httpx.h
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || exit 77
