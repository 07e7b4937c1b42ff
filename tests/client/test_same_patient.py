"""Whether two reports are of the same patient."""

from __future__ import annotations

import pytest

from picsafe_client.screens.viewer.comparison import same_patient
from picsafe_protocol.format.report import Patient

ANN = Patient("Ann Lee", "1970-01-31", "1")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (ANN, True),
        (Patient("ann  LEE", "1970-01-31", "1"), True),
        (Patient("Ann Lee", "1970-01-31"), True),
        (Patient("", None, "1"), True),
        (Patient("Ann Lee", "1970-01-31", "2"), False),
        (Patient("Ann Lea", "1970-01-31", "1"), False),
        (Patient("Ann Lee", "1970-01-30", "1"), False),
        (Patient("Ann Lee"), None),
        (Patient("", "1970-01-31"), None),
        (Patient(), None),
    ],
)
def test_whatever_is_known_must_agree_and_enough_must_be_known(other: Patient, same: bool | None) -> None:
    assert same_patient(ANN, other) is same
    assert same_patient(other, ANN) is same
