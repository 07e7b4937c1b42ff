#!/bin/sh
# The tests, in the order in which a failure is cheapest to read. Goes on after a failure, so that one run tells everything.
#   scripts/test.sh check   style, types, layers, and the tests of protocol and client that need no browser: the inner loop
#   scripts/test.sh most    every test but the long ones: what `make test` and CI run
#   scripts/test.sh all     the long ones too, and the end-to-end tests whole in all three browsers
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
extent=${1:-most}
failed=""
unsure=""
begun=$(date +%s)

step() { # step NAME COMMAND...
    name=$1; shift
    printf '\n== %s\n' "$name"
    started=$(date +%s)
    "$@" || failed="$failed\n   $name"
    printf -- '-- %s: %s s\n' "$name" "$(($(date +%s) - started))"
}

in_two() { # in_two ARGUMENTS-OF-PYTEST... : two processes, a module in one of them
    "$bin/pytest" -q -n 2 --dist loadscope "$@"
}

# Tests of servers, commands and browsers wait much of their time: three processes need a quarter less of it on two cores.
in_three() {
    "$bin/pytest" -q -n 3 --dist loadscope "$@"
}

# `--no-loadscope-reorder`: tests/conftest.py has the longest modules in front; sorted by their number of tests, some of
# them would come last.

# A test that fails in a browser gets one second try, and is named at the end: docs/decisions/0022.
in_browsers() { # in_browsers ARGUMENTS-OF-PYTEST...
    in_three --no-loadscope-reorder "$@" && return
    [ $? -eq 1 ] || return # not tests that failed, but a run that did not come to its end
    printf '\n== %s: second try of what failed\n' "$name"
    in_two "$@" --last-failed --last-failed-no-failures none || return
    unsure="$unsure\n   $name"
}

check() {
    step "style" "$bin/ruff" check .
    step "format" "$bin/ruff" format --check -q .
    step "types" "$bin/mypy" --no-error-summary
    step "layers" scripts/layers.sh
    step "types of the JavaScript" "$bin/python" -m scripts.web_check types
    step "JavaScript" "$bin/python" -m scripts.web_check javascript
    step "style sheets" "$bin/python" -m scripts.web_check styles
}

check
case $extent in
check)
    step "protocol and client" in_two -m "not browser and not long" tests/protocol tests/client
    ;;
most)
    step "protocol, DICOM, server, command and deployment" in_three --no-loadscope-reorder -m "not long" \
        tests/protocol tests/dicom tests/server tests/cli tests/project tests/deploy
    step "media of many writers, damaged" in_two -m "not long" tests/media_corpus
    step "client in a real browser" in_two -m "not long" tests/client
    step "everything together in Chromium" in_browsers -m "not long" tests/e2e
    # `make test-all` takes the other browsers through everything.
    step "the main job in Firefox" in_browsers -m "not long" --browser firefox tests/e2e/test_full_journey.py
    step "signing in with WebKit" in_browsers -m "not long" --browser webkit tests/e2e/test_sign_in.py
    step "container" "$bin/pytest" -q -m "not long" tests/container
    ;;
all)
    step "protocol, DICOM, server, command and deployment" in_three --no-loadscope-reorder \
        tests/protocol tests/dicom tests/server tests/cli tests/project tests/deploy
    step "media of many writers, damaged" in_two tests/media_corpus
    step "client in a real browser" in_two tests/client
    for engine in chromium firefox webkit; do
        step "everything together in $engine" in_browsers --browser "$engine" tests/e2e
    done
    step "container" "$bin/pytest" -q tests/container
    ;;
*)
    echo "test.sh: check, most or all, not $extent" >&2
    exit 2
    ;;
esac

printf '\n%s s in all.\n' "$(($(date +%s) - begun))"
if [ -n "$unsure" ]; then
    printf '\nPassed only at the second try, which is a fault to be found (see above):%b\n' "$unsure"
fi
if [ -n "$failed" ]; then
    printf '\nFAILED:%b\n' "$failed"
    exit 1
fi
printf '\nEverything passed.\n'
