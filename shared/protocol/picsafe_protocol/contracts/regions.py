"""Maps the country of an account to the region whose cloud stores its reports.

The country is the one in the account, never inferred from a network address. A report never leaves its region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from picsafe_protocol.contracts.countries import COUNTRIES
from picsafe_protocol.contracts.errors import InvalidRequest

__all__ = ["COUNTRIES", "EU_MEMBERS", "EU_MEMBERS_AS_OF", "REGIONS", "Region", "region_for_country"]


@dataclass(frozen=True, slots=True)
class Region:
    """One region: its code, its country, the adjective for it ("the Australian cloud"), and the AWS region it
    runs in.
    """

    code: str
    name: str
    adjective: str
    aws_region: str


REGIONS: Final[Mapping[str, Region]] = {
    region.code: region
    for region in (
        Region("au", "Australia", "Australian", "ap-southeast-2"),
        Region("ca", "Canada", "Canadian", "ca-central-1"),
        Region("de", "Germany", "German", "eu-central-1"),
        Region("ie", "Ireland", "Irish", "eu-west-1"),
        Region("uk", "United Kingdom", "British", "eu-west-2"),
        Region("us", "United States", "American", "us-east-1"),
    )
}

EU_MEMBERS_AS_OF: Final = "2020-02-01"
"""The day of the last change to the Union that the list below knows of: the United Kingdom had left."""

EU_MEMBERS: Final = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
"""The members of the European Union, by ISO 3166-1 code."""

_OWN: Final[Mapping[str, str]] = {"AU": "au", "NZ": "au", "CA": "ca", "IE": "ie", "GB": "uk", "US": "us"}


def region_for_country(country: str) -> str:
    """The code of the region for a country, given by its ISO 3166-1 alpha-2 code in capitals.

    Australia and New Zealand share one; Canada, Ireland and the United Kingdom have their own; every other member of
    the European Union is kept in Germany; everybody else in the United States. Raises `InvalidRequest` for what is no
    country.
    """
    if country not in COUNTRIES:
        raise InvalidRequest("There is no country with this code.", field="country")
    if country in _OWN:
        return _OWN[country]
    return "de" if country in EU_MEMBERS else "us"
