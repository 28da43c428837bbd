"""Makes the extension module `libhttpx._native`: cffi in API mode over the committed header, with the library in it.

The library is the static one that scripts/relink makes: it is looked for in LIBHTTPX_LIB_DIR, else it is built with cargo.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import cffi

HERE = Path(__file__).resolve().parent
# The repository; in a source distribution its part that is needed is in engine/.
ROOT = HERE / "engine" if (HERE / "engine").is_dir() else HERE.parent.parent
HEADERS = ROOT / "include"

# What C calls in Python: the names are _callbacks.py's.
CALLBACKS = (HERE / "callbacks.h").read_text()

# Small functions of C that make several calls in one.
GLUE = (HERE / "glue_types.h").read_text() + (HERE / "glue_cdef.h").read_text()


def library_directory() -> Path:
    """Where libhttpx.a is."""
    given = os.environ.get("LIBHTTPX_LIB_DIR")
    if given:
        return Path(given).resolve()
    subprocess.run(["make", "release"], cwd=ROOT, check=True)
    return ROOT / "build" / "release"


def system_libraries() -> list[str]:
    """What the static library needs of the system: -lfoo, -lbar."""
    script = ROOT / "scripts" / "relink"
    given = os.environ.get("LIBHTTPX_NATIVE_LIBS")
    said = given if given is not None else subprocess.check_output([script, "--native-libs"], text=True)
    return shlex.split(said)


def definitions() -> str:
    """The header for cffi, which takes no casts and no expressions: it is generated without them."""
    text = (HEADERS / "httpx" / "httpx_cdef.h").read_text()
    return re.sub(r"^#define (\w+) (0x[0-9a-fA-F]+|-?\d+)$", r"#define \1 ...", text, flags=re.MULTILINE)


LIBRARY = str(library_directory() / "libhttpx.a")

ffibuilder = cffi.FFI()
ffibuilder.cdef(definitions())
ffibuilder.cdef(CALLBACKS)
ffibuilder.cdef(GLUE)
ffibuilder.set_source(
    "libhttpx._native",
    '#include <httpx/httpx.h>\n#include "glue.h"\n',
    include_dirs=[str(HEADERS), str(HERE)],
    extra_objects=[LIBRARY],
    extra_link_args=[*system_libraries(), "-Wl,-z,nodelete,--exclude-libs,ALL,--strip-debug"],
    depends=[LIBRARY, str(HERE / "glue.h"), str(HERE / "glue_types.h"), str(HEADERS / "httpx" / "httpx.h")],
    py_limited_api=True,
)

if __name__ == "__main__":
    ffibuilder.compile(tmpdir=str(HERE), verbose=True)
