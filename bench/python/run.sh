#!/usr/bin/env bash
# Measures the Python package against other clients for Python; see README.md one folder up.
#   run.sh            measure, write results.jsonl and the table in ../README.md
#   run.sh --smoke    every case briefly; writes nothing here
#   run.sh --report   make the table again from results.jsonl
# Environment: as for ../run.sh. LIBHTTPX_DIR has the libhttpx.a that is measured (release, unless it says otherwise).
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$here/../.." && pwd)
work=$root/build/bench-python
venv=$work/venv
export PIP_DISABLE_PIP_VERSION_CHECK=1
mkdir -p -- "$work"
# Proxies of the surroundings are not measured.
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf -- "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" --quiet install --requirement "$here/requirements.txt"
    cp -- "$here/requirements.txt" "$venv/requirements.txt"
fi
if [ "${1:-}" != --report ]; then
    lib=${LIBHTTPX_DIR:-}
    if [ -z "$lib" ]; then
        make -C "$root" release
        lib=$root/build/release
    fi
    # Apart from what is built in place: that may have a development build of the library in it.
    rm -rf -- "$work/package"
    (cd -- "$root/bindings/python" && LIBHTTPX_LIB_DIR=$lib "$venv/bin/python" setup.py --quiet build --force \
        --build-base "$work/build" --build-lib "$work/package")
    "$venv/bin/python" -m compileall -q "$work/package" # as installing does
    "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -o "$work/server" "$root/bench/server.c"
fi
PYTHONPATH=$work/package exec "$venv/bin/python" "$here/bench.py" --server "$work/server" "$@"
