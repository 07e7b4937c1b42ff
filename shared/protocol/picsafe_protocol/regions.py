"""Regions and the countries that belong to them, under its public name; `picsafe_protocol.contracts.regions` holds it."""

from picsafe_protocol.contracts.regions import *  # noqa: F403 the public face is all of it
from picsafe_protocol.contracts.regions import __all__ as __all__
