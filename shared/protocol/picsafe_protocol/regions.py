"""Regions and the countries that belong to them, under its public name; `picsafe_protocol.contracts.regions`
holds it.
"""

from picsafe_protocol.contracts.regions import (
    COUNTRIES,
    EU_MEMBERS,
    EU_MEMBERS_AS_OF,
    REGIONS,
    Region,
    region_for_country,
)

__all__ = [
    "COUNTRIES",
    "EU_MEMBERS",
    "EU_MEMBERS_AS_OF",
    "REGIONS",
    "Region",
    "region_for_country",
]
