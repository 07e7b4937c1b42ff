#!/bin/sh
# Playwright starts this as if it were Firefox.
cd "$(dirname "$0")/../../.."
PYTHONPATH=. exec /usr/bin/python3 -m harness.browser.webkit
