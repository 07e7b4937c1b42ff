"""Security headers of every response."""

from __future__ import annotations

import re
from collections.abc import Iterable

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
}
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
WORKER_POLICY = (
    "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Of the service worker: it fetches the client's own files, and nothing else from anywhere."""
DECODER_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Of the worker that decodes HEIC photos: it runs WebAssembly and connects to nothing, not even this origin."""
_DECODER = re.compile(r"/?assets/heic-worker\.[0-9a-f]{16}\.js")
TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"


def content_security_policy(origins: Iterable[str]) -> str:
    """The Content-Security-Policy of the page. `origins`: the only other origins (clouds and key servers) that it may
    connect to.
    """
    connect = " ".join(["'self'", *sorted(set(origins))])
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "media-src 'self' blob:",
            f"connect-src {connect}",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types picsafe-worker picsafe-heic",  # each names one address, that of a worker
        ]
    )


def policy_of_asset(path: str) -> str:
    """The policy of a file of the client other than the page and the service worker: workers among them obey it."""
    return DECODER_POLICY if _DECODER.fullmatch(path) else API_POLICY
