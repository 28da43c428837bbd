"""What pyproject.toml cannot say: the extension (build_native.py), its tag, and the engine inside the source distribution."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent.parent.parent
ENGINE = (
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Makefile",
    "README.md",
    "cmake",
    "include",
    "scripts/check-rust",
    "scripts/relink",
    "src",
)


class SdistWithEngine(sdist):
    """Puts the library's sources into engine/, where build_native.py looks for them."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        engine = Path(base_dir) / "engine"
        for name in ENGINE:
            target = engine / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target)
            else:
                shutil.copy2(ROOT / name, target)
        # The tests' crates stay behind.
        manifest = engine / "Cargo.toml"
        manifest.write_text(re.sub(r"^members = .*\n", "", manifest.read_text(), flags=re.MULTILINE))


setup(
    cffi_modules=["build_native.py:ffibuilder"],
    cmdclass={"sdist": SdistWithEngine},
    options={"bdist_wheel": {"py_limited_api": "cp39"}},
)
