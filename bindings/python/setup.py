"""The extension is described in build_native.py; everything else stands in pyproject.toml."""

from setuptools import setup

setup(cffi_modules=["build_native.py:ffibuilder"])
