"""Chunked encryption (format, section 5), under its public name; `picsafe_protocol.crypto.chunked` holds it."""

from picsafe_protocol.crypto.chunked import *  # noqa: F403 the public face is all of it
from picsafe_protocol.crypto.chunked import __all__ as __all__
