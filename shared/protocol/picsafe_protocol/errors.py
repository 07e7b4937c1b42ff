"""Every error of the protocol, under its public name; `picsafe_protocol.contracts.errors` holds it."""

from picsafe_protocol.contracts.errors import *  # noqa: F403 the public face is all of it
from picsafe_protocol.contracts.errors import __all__ as __all__
