# Two commands matter: `make run` and `make test`. Both do their own set-up.
SHELL := /bin/sh
BIN := .venv/bin
PORT ?= 8000
TLS ?=

.DEFAULT_GOAL := help
.PHONY: help run check test test-all setup setup-check setup-docs setup-test client docs lint types layers bench screens image container-test lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

run: setup client ## start everything with a demo institution and print where to look (PORT=8000, TLS=1 for phones)
	@$(BIN)/python -m demo --port $(PORT) $(if $(TLS),--tls)

check: setup-check ## style, types, layers, protocol and client units: the inner loop, under two minutes
	@scripts/test.sh check

test: setup-test client ## run the tests; what takes minutes is left to `make test-all`
	@scripts/test.sh most

test-all: setup-test setup-docs client ## run every test, the long ones too, whole in all three browsers
	@scripts/test.sh all

setup:
	@scripts/setup.sh run
setup-check:
	@scripts/setup.sh check
setup-docs:
	@scripts/setup.sh docs
setup-test:
	@scripts/setup.sh test

client: ## build the browser client into build/client
	@$(BIN)/python build.py

docs: setup-docs ## build the documentation site, with search, into build/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "build/docs is the site; to read it: $(BIN)/python -m http.server -d build/docs -b 127.0.0.1 8001"

lint: ## ruff, Biome and Stylelint
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python -m scripts.web_check javascript && $(BIN)/python -m scripts.web_check styles
types: ## mypy, strict, and the types of the JavaScript
	@$(BIN)/mypy && $(BIN)/python -m scripts.web_check types
layers: ## import contracts
	@scripts/layers.sh

bench: setup-test client ## measure, as ratios against named references
	@$(BIN)/python -m tests.bench

screens: setup-test client ## take pictures of every screen and state, for docs/screens.md
	@$(BIN)/python -m tests.screens

image: setup client ## lay out build/image, for any container builder
	@scripts/image.sh

container-test: setup-test client ## build the image and drive a report through the running container
	@$(BIN)/pytest -q tests/container

lock: ## recompute requirements/*.lock from the .in files
	@for name in server run dev docs; do $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate -p 3.11 requirements/$$name.in -o requirements/$$name.lock; done
	@$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate -p 3.14 requirements/browser.in -o requirements/browser.lock

clean: ## forget what was built, installed and stored
	@rm -rf build var .venv .stamps client/node_modules
