#!/bin/sh
# The import contracts of pyproject.toml: every layer imports only what lies below it.
set -eu
cd "$(dirname "$0")/.."
out=$(PYTHONPATH=client/py .venv/bin/lint-imports --no-cache 2>&1) || { printf '%s\n' "$out" | sed -n '/^Contracts/,$p'; exit 1; }
