# SPDX-License-Identifier: Apache-2.0
# `make demo` and `make test` do everything on a fresh Debian 12 machine; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
JOBS := $(shell nproc)
PYTHON := .venv/bin/python
SAY := @printf '\033[1m==> %s\033[0m\n'

.DEFAULT_GOAL := help
.PHONY: help setup web build demo test test-cpp test-asan test-tsan test-web test-python test-browser test-crash tidy bench clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup:  ## install what is missing
	@tools/setup

web: setup  ## the web app, into web/dist
	$(SAY) "building the web app"
	@tools/build_wasm
	@tools/build_web

build: web  ## the program build/release/oort and the Python package in .venv
	$(SAY) "building the program and the Python package"
	@mkdir -p build && cmake --preset release -DPython_EXECUTABLE="$(CURDIR)/$(PYTHON)" >build/configure.log || { cat build/configure.log; exit 1; }
	@cmake --build build/release -j $(JOBS)
	@echo "$(CURDIR)/build/release/python" >"$$($(PYTHON) -c 'import site; print(site.getsitepackages()[0])')/oort.pth"

demo: build  ## a server with demo experiments; MNIST=path/to/mnist.npz adds the 70,000 digits
	@$(PYTHON) tools/demo $(if $(MNIST),--mnist "$(MNIST)")

test: build tidy test-cpp test-web test-python test-browser test-crash test-asan test-tsan  ## every test
	$(SAY) "all tests passed"

tidy:  ## the rules of the house
	$(SAY) "checking the rules of the house"
	@$(PYTHON) tools/tidy

test-cpp: build
	$(SAY) "C++ tests"
	@ctest --test-dir build/release --output-on-failure

test-asan: setup  ## the C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(SAY) "building the C++ tests with AddressSanitizer and UndefinedBehaviorSanitizer"
	@mkdir -p build && cmake --preset asan >build/configure-asan.log || { cat build/configure-asan.log; exit 1; }
	@cmake --build build/asan -j $(JOBS)
	@ctest --test-dir build/asan --output-on-failure

test-tsan: setup  ## the tests of what runs on many threads under ThreadSanitizer
	$(SAY) "building the numeric tests with ThreadSanitizer"
	@mkdir -p build && cmake --preset tsan >build/configure-tsan.log || { cat build/configure-tsan.log; exit 1; }
	@cmake --build build/tsan -j $(JOBS) --target numeric_test
	@ctest --test-dir build/tsan --output-on-failure -R '^numeric$$'

test-web: build
	$(SAY) "web checks and unit tests"
	@cd web && npm run --silent check && npm run --silent lint && npm run --silent test

test-python: build
	$(SAY) "Python tests"
	@$(PYTHON) -m pytest -q python/tests

test-browser: build
	$(SAY) "browser tests"
	@node --test tests/browser/

test-crash: build
	$(SAY) "crash tests: kill -9 in the middle of uploads"
	@$(PYTHON) -m pytest -q tests/crash

bench: build  ## measure, print and record in docs/benchmarks.md
	@bench/run $(if $(MNIST),--mnist "$(MNIST)")

clean:  ## remove everything that was built
	rm -rf build web/dist web/src/gl/raster.wasm
