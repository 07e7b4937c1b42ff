"""How tests talk to servers of their own, whose addresses are plain http."""

from __future__ import annotations

from typing import Final

import httpx

UNUSED_TLS: Final = httpx.create_ssl_context()
"""`verify` for clients and single requests. Each would otherwise read all certificate authorities, which takes 30 ms of
processor time, more than most requests.
"""
