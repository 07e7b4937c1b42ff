"""How a photo is zoomed, dragged and turned: whatever a hand does, the photo stays on the stage and under the fingers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picsafe_client.screens.viewer.stage.viewport import MAX_SCALE, Viewport

lengths = st.floats(1, 12_000)
stages = st.floats(50, 4_000)
points = st.floats(-2_000, 2_000)
turns = st.sampled_from([0, 90, 180, 270])
views = st.builds(Viewport.fitted, lengths, lengths, stages, stages, turns)
hands = st.lists(
    st.one_of(
        st.tuples(st.just("zoomed"), st.tuples(st.floats(0.05, 20), points, points)),
        st.tuples(st.just("moved"), st.tuples(points, points)),
        st.tuples(st.just("rotated"), st.tuples(turns)),
        st.tuples(st.just("zoom_to_point"), st.tuples(points, points)),
        st.tuples(st.just("resized"), st.tuples(stages, stages)),
    ),
    max_size=12,
)


def after(view: Viewport, hand: list[tuple[str, tuple[float, ...]]]) -> Viewport:
    for name, values in hand:
        view = getattr(view, name)(*values)
    return view


def test_a_large_photo_is_fitted_whole_and_a_small_one_is_not_enlarged() -> None:
    assert Viewport.fitted(4000, 3000, 800, 800).scale == pytest.approx(0.2)
    assert Viewport.fitted(4000, 3000, 800, 300).scale == pytest.approx(0.1)
    assert Viewport.fitted(320, 240, 800, 800).scale == 1


def test_turning_fits_the_other_way_round() -> None:
    view = Viewport.fitted(4000, 2000, 800, 400).rotated()
    assert view.turn == 90
    assert view.scale == pytest.approx(0.1)
    assert view.rotated().rotated().rotated() == Viewport.fitted(4000, 2000, 800, 400)


def test_a_double_tap_shows_a_large_photo_in_its_own_pixels_and_the_next_all_of_it_again() -> None:
    view = Viewport.fitted(8000, 6000, 800, 600)
    close = view.zoom_to_point(100, 50)
    assert close.scale == pytest.approx(1)
    assert close.zoom_to_point(0, 0) == view


def test_the_wheel_keeps_what_is_under_the_pointer() -> None:
    view = Viewport.fitted(4000, 3000, 800, 600).zoomed(3, 100, -50)
    before = ((100 - view.x) / view.scale, (-50 - view.y) / view.scale)
    closer = view.zoomed(1.5, 100, -50)
    assert ((100 - closer.x) / closer.scale, (-50 - closer.y) / closer.scale) == pytest.approx(before)


def test_a_pinch_keeps_what_is_between_the_fingers() -> None:
    view = Viewport.fitted(4000, 3000, 800, 600).zoomed(3)
    pinched = view.pinched((20, 10, 100), (60, -30, 180))
    assert pinched.scale == pytest.approx(view.scale * 1.8)
    assert ((60 - pinched.x) / pinched.scale, (-30 - pinched.y) / pinched.scale) == pytest.approx(
        ((20 - view.x) / view.scale, (10 - view.y) / view.scale)
    )


@pytest.mark.parametrize("before", [(0, 0, 0), (5, 5, -1)])
def test_two_fingers_on_one_spot_only_drag(before: tuple[float, float, float]) -> None:
    view = Viewport.fitted(4000, 3000, 800, 600).zoomed(3)
    assert view.pinched(before, (before[0] + 7, before[1] + 3, 50)) == view.moved(7, 3)


def test_a_fitted_photo_cannot_be_dragged_away() -> None:
    view = Viewport.fitted(4000, 3000, 800, 600)
    assert view.moved(300, -300) == view


def test_a_detail_stays_in_the_middle_when_the_photo_is_turned() -> None:
    view = Viewport.fitted(4000, 4000, 800, 800).zoomed(4).moved(-300, 120)
    turned = view.rotated()
    assert (turned.x, turned.y) == pytest.approx((-120, -300))


@given(views, hands)
def test_whatever_the_hand_does_the_photo_stays_on_the_stage(
    view: Viewport, hand: list[tuple[str, tuple[float, ...]]]
) -> None:
    view = after(view, hand)
    width, height = (side * view.scale for side in view.turned)
    assert math.isfinite(view.scale)
    assert view.min_scale * 0.999 <= view.scale <= view.max_scale * 1.001
    for place, length, stage in ((view.x, width, view.stage_width), (view.y, height, view.stage_height)):
        if length <= stage:
            assert place == pytest.approx(0, abs=1e-6)
        else:
            assert abs(place) <= (length - stage) / 2 + 1e-6


@given(views, hands)
def test_fit_always_leads_back(view: Viewport, hand: list[tuple[str, tuple[float, ...]]]) -> None:
    assert after(view, hand).fit().is_fitted


@given(views)
def test_one_pixel_never_covers_more_than_is_of_use_unless_the_photo_is_tiny(view: Viewport) -> None:
    assert view.zoomed(1e9).scale <= max(MAX_SCALE, view.min_scale * 8)


def test_a_view_is_recalled_in_a_window_of_another_size() -> None:
    before = Viewport.fitted(4000, 3000, 800, 600).zoomed(3).moved(120, -80)
    zoom, x, y = before.scale / before.min_scale, before.x / before.scale, before.y / before.scale
    after = Viewport.fitted(4000, 3000, 400, 300).recalled(zoom, x, y)
    assert after.scale / after.min_scale == pytest.approx(3)
    assert (after.x / after.scale, after.y / after.scale) == pytest.approx((x, y))
    fitted = Viewport.fitted(4000, 3000, 400, 300)
    assert fitted.recalled(1, 0, 0) == fitted
