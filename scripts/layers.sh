#!/bin/sh
# The import contracts of pyproject.toml: every layer imports only what lies below it. Quiet when all are kept.
set -eu
cd "$(dirname "$0")/.."
out=$(PYTHONPATH=client/py .venv/bin/lint-imports --no-cache --no-logo 2>&1) || { printf '%s\n' "$out"; exit 1; }
