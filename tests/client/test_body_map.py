"""The figure of the body: every region has its place, and every place that can be clicked its name."""

from __future__ import annotations

import pytest

from picsafe_client.i18n.catalogue import LANGUAGES, Language
from picsafe_client.ui.body_map import ALIASES, HIDDEN_UNTIL_MARKED, MIDDLE, PAIRED
from picsafe_protocol.anatomy.body_sites import Region, locate
from picsafe_protocol.format.report import Laterality

DRAWN = {*MIDDLE, *PAIRED}


@pytest.mark.parametrize("region", Region)
def test_every_region_is_drawn(region: Region) -> None:
    assert ALIASES.get(region, region) in DRAWN


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize("region", sorted(DRAWN - HIDDEN_UNTIL_MARKED))
def test_what_a_click_fills_in_is_what_is_marked_then(region: Region, language: Language) -> None:
    located = locate(str(language.texts[f"figure.{region.value}"]), Laterality.LEFT if region in PAIRED else None)
    assert located is not None
    assert located.region is region
