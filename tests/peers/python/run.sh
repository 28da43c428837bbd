#!/usr/bin/env bash
# Runs the test suites of other packages against libhttpx: tests/peers/python/run.sh [--stock] [SUITE[:PYTEST ARGUMENTS]...]
#
# Everything that is not ours (suites, what they need) comes from package archives into build/python-peers, at the versions of
# suites.toml and requirements.txt. LIBHTTPX_LIB_DIR has the library's static form, as for the package's own build; a package
# that is built in place already and newer than that is used as it is. The last line is "N passed, N failed".
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -- "$here/../../.." && pwd)
work=${PYTHON_PEERS_DIR:-$root/build/python-peers}
mkdir -p -- "$work"

venv=$work/venv
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    rm -rf -- "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/pip" --quiet --disable-pip-version-check install --requirement "$here/requirements.txt"
    cp -- "$here/requirements.txt" "$venv/requirements.txt"
fi

package=$root/bindings/python
extension=$package/libhttpx/_native.abi3.so
library=${LIBHTTPX_LIB_DIR:-$root/build/lib}/libhttpx.a
if [ ! -e "$extension" ] || [ "$library" -nt "$extension" ]; then
    (cd -- "$package" && LIBHTTPX_LIB_DIR=$(dirname -- "$library") "$venv/bin/python" setup.py --quiet build_ext --inplace)
fi

exec "$venv/bin/python" "$here/run.py" --work "$work" --package "$package" "$@"
