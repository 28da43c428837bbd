# make demo    build the library (dev profile), start the bundled origin server, run the C examples against it
# make test    every test of every language, formatters and linters; STRICT=1: nothing may be skipped
# make test-peers   the client against other people's servers and proxies (tests/peers/README.md); STRICT=1 as above
# make test-python-peers   the Python package against other packages' test suites (tests/peers/python/README.md)
# make bench   measure against libcurl, raw sockets and Python's clients (bench/README.md); bench-smoke: the same in a few seconds
# make install PREFIX=/usr/local DESTDIR=   release build: header, libraries, CMake package, pkg-config
# make lib     libhttpx.so and libhttpx.a in build/lib;  make release: optimised ones in build/release
# make format, lint, deny, clean
#
# cargo builds in target/, or where CARGO_TARGET_DIR says; everything else goes to build/. CC is the C compiler.
SHELL := /bin/bash
.NOTPARALLEL:
.DEFAULT_GOAL := lib

PREFIX ?= /usr/local
DESTDIR ?=
override CARGO_TARGET_DIR := $(shell realpath -m -- "$(or $(CARGO_TARGET_DIR),target)")
export CARGO_TARGET_DIR DESTDIR STRICT
# make's own default, cc, is everybody's; saying so would only make cargo build the C parts again after a plain `cargo build`.
ifneq ($(origin CC),default)
export CC
endif

DEV := --package libhttpx --package httpx-test-server
SERVER := $(CARGO_TARGET_DIR)/debug/httpx-test-server
C_SOURCES = $(wildcard examples-c/*.[ch] tests/c/*.[ch] tests/peers/*.[ch] tests/package/consumer/*.c bench/*.[ch] docs/guide/*.h bindings/conformance/c/*.[ch])

.PHONY: rust
rust:
	@scripts/check-rust

.PHONY: lib
lib: rust
	cargo build $(DEV)
	scripts/relink "$(CARGO_TARGET_DIR)/debug" build/lib

.PHONY: release
release: rust
	cargo build --release --package libhttpx --lib
	scripts/relink "$(CARGO_TARGET_DIR)/release" build/release

.PHONY: demo
demo: rust
	@scripts/bootstrap demo
	@$(MAKE) --no-print-directory lib
	@examples-c/run.sh build/lib include "$(SERVER)"

.PHONY: test
test: rust
	@scripts/bootstrap test
	@scripts/test

.PHONY: test-peers
test-peers: rust
	@scripts/bootstrap peers
	@$(MAKE) --no-print-directory lib
	@tests/peers/run.sh build/lib include "$(SERVER)"

.PHONY: test-python-peers
test-python-peers: rust
	@scripts/bootstrap python
	@$(MAKE) --no-print-directory lib
	@tests/peers/python/run.sh

.PHONY: bench bench-smoke
bench bench-smoke: release
	@scripts/bootstrap bench
	LIBHTTPX_DIR="$(CURDIR)/build/release" bench/run.sh $(if $(filter bench-smoke,$@),--smoke)
	LIBHTTPX_DIR="$(CURDIR)/build/release" bench/python/run.sh $(if $(filter bench-smoke,$@),--smoke)

.PHONY: install
install: rust
	cmake -S . -B build/cmake -DCMAKE_INSTALL_PREFIX="$(PREFIX)" -DHTTPX_CARGO_PROFILE=release
	cmake --build build/cmake
	cmake --install build/cmake

.PHONY: format
format: rust
	cargo fmt --all
	$$(scripts/bootstrap --clang-format) -i $(C_SOURCES)

.PHONY: lint
lint: rust
	scripts/test format clippy

# Licences and advisories of all dependencies. Apart from `make test`, because cargo-deny takes minutes to install.
.PHONY: deny
deny: rust
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	cargo deny --workspace check

.PHONY: clean
clean:
	rm -rf build
	cargo clean
