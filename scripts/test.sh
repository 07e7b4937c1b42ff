#!/bin/sh
# Every test, in the order in which a failure is cheapest to read. Goes on after a failure, so that one run tells everything.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=""

step() { # step NAME COMMAND...
    name=$1; shift
    printf '\n== %s\n' "$name"
    started=$(date +%s)
    "$@" || failed="$failed\n   $name"
    printf -- '-- %s: %s s\n' "$name" "$(($(date +%s) - started))"
}

step "style" "$bin/ruff" check .
step "format" "$bin/ruff" format --check -q .
step "types" "$bin/mypy" --no-error-summary
step "protocol, DICOM, server and sync" "$bin/pytest" -q -n 2 --dist loadscope tests/protocol tests/dicom tests/server tests/sync tests/project
step "client in a real browser" "$bin/pytest" -q tests/client
step "everything together in Chromium" "$bin/pytest" -q -n 2 --dist loadscope tests/e2e
# The other engines go the main ways with every run; all that has been gone through in them takes `make test-engines`.
main_ways="tests/e2e/test_shell_sign_in.py tests/e2e/test_reports.py"
# shellcheck disable=SC2086 # one word a module
step "the main ways in Firefox" "$bin/pytest" -q -n 2 --dist loadscope --browser firefox $main_ways tests/e2e/test_shell_inbox.py tests/e2e/test_report_ranges.py tests/e2e/test_samples.py
# shellcheck disable=SC2086
step "the main ways in WebKit" "$bin/pytest" -q -n 2 --dist loadscope --browser webkit $main_ways
step "container" "$bin/pytest" -q tests/container

if [ -n "$failed" ]; then
    printf '\nFAILED:%b\n' "$failed"
    exit 1
fi
printf '\nEverything passed.\n'
