"""Pauses double up to the longest, and respect what a server asks for."""

from __future__ import annotations

from picsafe_protocol.contracts.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(0.5, 30)
    assert [backoff.pause(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff.pause(10**6) == 30


def test_a_server_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() -> None:
    backoff = Backoff(1, 30)
    assert backoff.pause(1, 60) == 60
    assert backoff.pause(3, 2) == 4
    assert backoff.pause(1, None) == 1
