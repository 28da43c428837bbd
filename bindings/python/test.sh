#!/usr/bin/env bash
# What concerns the Python package: bindings/python/test.sh lint|tests|conformance|wheel LIBDIR SERVER_BINARY
#
#   lint    formatting, ruff, mypy --strict
#   tests   the package's own tests, on asyncio, trio and uvloop; the extension is built in place
#   conformance  the cases that all languages run (bindings/conformance), with Client and AsyncClient
#   wheel   a wheel and a source distribution: what is in them, and whether the wheel works in an empty environment, with the
#           lowest and the highest Python of this machine, without Rust
#
# LIBDIR has libhttpx.a. Tools come from PyPI (requirements.txt) into build/python. The last line is "N passed, N failed",
# and what was skipped.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$here/../.." && pwd)
work=$root/build/python
mode=${1:?usage: test.sh lint|tests|conformance|wheel LIBDIR SERVER_BINARY}
libdir=$(cd -- "${2:?}" && pwd)
server=$(realpath -- "${3:?}")
export LIBHTTPX_LIB_DIR=$libdir LIBHTTPX_TEST_SERVER=$server PIP_DISABLE_PIP_VERSION_CHECK=1
mkdir -p -- "$work"

venv=$work/venv
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf -- "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" --quiet install --requirement "$here/requirements.txt"
    cp -- "$here/requirements.txt" "$venv/requirements.txt"
fi
python=$venv/bin/python
passed=0
failed=0
skipped=0

step() { # NAME COMMAND...
    local name=$1
    shift
    echo "---- $name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL  $name"
    fi
}

lint() {
    local all=(libhttpx tests build_native.py setup.py ../../tests/peers/python ../../bench/python)
    cd -- "$here"
    local config=(--config "$here/pyproject.toml")
    step format "$venv/bin/ruff" format --check "${config[@]}" "${all[@]}"
    step ruff "$venv/bin/ruff" check "${config[@]}" "${all[@]}"
    build_in_place
    step mypy "$python" -m mypy
}

build_in_place() {
    (cd -- "$here" && "$python" setup.py --quiet build_ext --inplace)
}

# How many tests pytest's last line says to be that.
count() { # WORD LOG
    tail -n 1 "$2" | grep -aoE "[0-9]+ $1" | grep -oE '^[0-9]+' || echo 0
}

tests() { suite tests; }

conformance() { suite ../conformance/python -W ignore::DeprecationWarning; }

suite() { # FOLDER [OPTION...]
    build_in_place
    cd -- "$here"
    local status=0 log=$work/tests.log
    timeout --kill-after=10 "${HTTPX_PYTHON_SECONDS:-600}" "$python" -X faulthandler -m pytest -q -rs -p no:cacheprovider "$@" \
        2>&1 | tee "$log" || status=$?
    # pytest's last line: "1 failed, 20 passed, 3 skipped in 4.56s"; errors are failures, skips are told.
    grep -aE '^SKIPPED' "$log" | sed 's/^SKIPPED/SKIP  python:/' || true
    passed=$(count passed "$log")
    failed=$(($(count failed "$log") + $(count 'errors?' "$log")))
    skipped=$(count skipped "$log")
    [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
}

wheel() {
    local dist=$work/dist low high each
    rm -rf -- "$dist" "$here/build" "$here/libhttpx.egg-info"
    # Without isolation: what it needs is in the environment already.
    step "build the wheel" "$venv/bin/pip" --quiet wheel --no-deps --no-build-isolation --wheel-dir "$dist" "$here"
    step "build the source distribution" sdist "$dist"
    each=$(echo "$dist"/libhttpx-*-cp39-abi3-*.whl)
    step "what is in the wheel" contents "$each"
    step "what is in the source distribution" sources "$dist"
    low=$(pythons | head -n 1)
    high=$(pythons | tail -n 1)
    step "the wheel with $low" installs "$low" "$each"
    [ "$low" = "$high" ] || step "the wheel with $high" installs "$high" "$each"
}

sdist() {
    (cd -- "$here" && "$python" setup.py --quiet sdist --dist-dir "$1")
}

contents() {
    local names name
    names=$(unzip -Z1 "$1")
    for name in libhttpx/__init__.py libhttpx/_native.abi3.so libhttpx/py.typed libhttpx/httpcore/_sync/connection_pool.py \
        libhttpx/_transports/default.py libhttpx/stock/__init__.py; do
        grep -qx -- "$name" <<<"$names" || {
            echo "$name is missing"
            return 1
        }
    done
    # Nothing but the package and what says what it is.
    ! grep -vE '^(libhttpx/.*\.py|libhttpx/py\.typed|libhttpx/_native\.abi3\.so|libhttpx/_native\.pyi|libhttpx-[^/]*\.dist-info/.*)$' <<<"$names"
}

sources() {
    local names name
    names=$(tar tzf "$1"/libhttpx-*.tar.gz | sed 's,^[^/]*/,,')
    for name in build_native.py callbacks.h glue.h glue_cdef.h glue_types.h libhttpx/__init__.py engine/Cargo.toml \
        engine/src/lib.rs engine/include/httpx/httpx_cdef.h engine/scripts/relink; do
        grep -qx -- "$name" <<<"$names" || {
            echo "$name is missing"
            return 1
        }
    done
    ! grep -E '^libhttpx/_native\.(c|.*so)$|__pycache__' <<<"$names"
}

# Every Python from 3.9 on that is here, lowest first.
pythons() {
    local each
    for each in "$HOME"/.pyenv/versions/*/bin/python3 $(compgen -c python3. | grep -E '^python3\.[0-9]+$' | sort -u); do
        each=$(command -v "$each") || continue
        "$each" -c 'import sys, venv, ensurepip
assert sys.version_info >= (3, 9) and sys.implementation.name == "cpython"
print(sys.version_info[1], sys.executable)' 2>/dev/null || true
    done | sort -n | cut -d' ' -f2- | awk '!seen[$0]++'
}

# An empty environment gets the wheel, and runs the first program of the README there.
installs() { # PYTHON WHEEL
    local room=$work/empty
    rm -rf -- "$room"
    "$1" -m venv "$room"
    "$room/bin/pip" --quiet install "$2"
    (cd -- "$room" && env -i PATH=/usr/bin:/bin HOME="$room" "$room/bin/python" "$here/tests/empty_environment.py" "$server" \
        "$here/README.md")
}

case $mode in
    lint | tests | conformance | wheel) "$mode" ;;
    *) echo "test.sh: lint, tests, conformance or wheel, not $mode" >&2 && exit 2 ;;
esac
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
