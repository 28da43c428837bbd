#!/bin/sh
# Compiles a header alone, as every C and C++ standard that the compilers know, with all warnings as errors.
# usage: compile_header.sh HEADER [COMPILER...]
set -eu

header=$1
shift
[ $# -gt 0 ] || set -- gcc clang
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Twice, for the include guard; and the constants, where a program would use them: in static initialisers, in #if.
cat >"$folder/alone.c" <<SOURCE
#include "$header"
#include "$header"
#if HTTPX_E_READ_TIMEOUT <= HTTPX_E_TIMEOUT
#error "a code is not below its parent"
#endif
static const httpx_code code = HTTPX_E_READ_TIMEOUT;
static const double unset = HTTPX_UNSET;
int main(void)
{
    return code == HTTPX_OK || unset == unset;
}
SOURCE
cp "$folder/alone.c" "$folder/alone.cpp"

# The warnings that a careful host may have turned on; a header must not be where they fire.
warnings="-Wall -Wextra -pedantic -Werror -Wshadow -Wundef -Wconversion -Wdouble-promotion"
count=0
for compiler in "$@"; do
    for standard in c99 c11 c17 c2x; do
        "$compiler" -std=$standard $warnings -Wstrict-prototypes -o "$folder/alone" "$folder/alone.c"
        "$folder/alone"
        count=$((count + 1))
    done
    for standard in c++11 c++14 c++17 c++20 c++23 c++2b; do
        # The newest standard has two names; a compiler may know one of them, both or none.
        "$compiler" -std=$standard -x c++ -fsyntax-only /dev/null 2>/dev/null || continue
        "$compiler" -std=$standard $warnings -Wold-style-cast -Wzero-as-null-pointer-constant -x c++ \
            -fsyntax-only "$folder/alone.cpp"
        count=$((count + 1))
    done
done
echo "$header: compiles alone in $count modes"
