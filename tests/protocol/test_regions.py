"""Every country of ISO 3166-1 against the rule of the design."""

from __future__ import annotations

from datetime import date

import pytest

from picsafe_protocol.contracts.errors import InvalidRequest
from picsafe_protocol.contracts.regions import COUNTRIES, EU_MEMBERS, EU_MEMBERS_AS_OF, REGIONS, region_for_country

# Written down a second time, by region, so that a slip in the table of countries or of members shows.
EXPECTED = {
    "au": "AU NZ",
    "ca": "CA",
    "de": "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IT LT LU LV MT NL PL PT RO SE SI SK",
    "ie": "IE",
    "uk": "GB",
    "us": """
        US
        AD AE AF AG AI AL AM AO AQ AR AS AW AX AZ BA BB BD BF BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CC CD CF CG CH
        CI CK CL CM CN CO CR CU CV CW CX DJ DM DO DZ EC EG EH ER ET FJ FK FM FO GA GD GE GF GG GH GI GL GM GN GP GQ GS GT
        GU GW GY HK HM HN HT ID IL IM IN IO IQ IR IS JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LY
        MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MU MV MW MX MY MZ NA NC NE NF NG NI NO NP NR NU OM PA PE PF PG PH
        PK PM PN PR PS PW PY QA RE RS RU RW SA SB SC SD SG SH SJ SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL
        TM TN TO TR TT TV TW TZ UA UG UM UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """,
}
BY_COUNTRY = {country: region for region, countries in EXPECTED.items() for country in countries.split()}


def test_every_country_is_here_once() -> None:
    assert sum(len(countries.split()) for countries in EXPECTED.values()) == len(BY_COUNTRY) == 249
    assert set(COUNTRIES) == set(BY_COUNTRY)
    assert list(COUNTRIES) == sorted(COUNTRIES)
    assert len(set(COUNTRIES.values())) == 249


def test_every_country_has_its_region() -> None:
    assert {country: region_for_country(country) for country in COUNTRIES} == BY_COUNTRY


@pytest.mark.parametrize("country", ["", "nz", "NZL", "UK", "EU", "XX", "ZZ", "N", " NZ", "NZ\n", "554", "New Zealand"])
def test_what_is_no_country_has_no_region(country: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        region_for_country(country)
    assert refusal.value.field == "country"


def test_the_regions_are_the_six_of_the_design() -> None:
    assert {code: region.aws_region for code, region in REGIONS.items()} == {
        "au": "ap-southeast-2",
        "ca": "ca-central-1",
        "de": "eu-central-1",
        "ie": "eu-west-1",
        "uk": "eu-west-2",
        "us": "us-east-1",
    }
    assert set(map(region_for_country, COUNTRIES)) == set(REGIONS)
    assert all(code == region.code for code, region in REGIONS.items())


def test_the_union_has_a_date() -> None:
    assert date.fromisoformat(EU_MEMBERS_AS_OF)
    assert len(EU_MEMBERS) == 27
    assert set(COUNTRIES) >= EU_MEMBERS
