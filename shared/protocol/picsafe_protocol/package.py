"""The `.picsafe` file (format, section 2), under its public name; `picsafe_protocol.format.package` holds it."""

from picsafe_protocol.format.package import *  # noqa: F403 the public face is all of it
from picsafe_protocol.format.package import __all__ as __all__
