"""A small figure of the body, front and back, that marks a body site; in the send form a click on it selects the site.

The drawing is a table of plain shapes, the patient's left half of a front view; the right half mirrors it, and the back
view mirrors that. The words of the report stay the truth: what `picsafe_protocol.anatomy.body_sites` does not recognise
for certain is not marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from picsafe_client.i18n.texts import t
from picsafe_client.ui import dom
from picsafe_protocol.anatomy.body_sites import Located, Region

Shape = tuple[str, str]
"""Views (``f`` front, ``b`` back), and the points of a polygon or ``x y rx ry`` of an ellipse."""

MIDDLE: Final[Mapping[Region, Shape]] = {
    Region.HEAD: ("fb", "0 10 6.6 8"),
    Region.NECK: ("fb", "-3,17 3,17 4,22 -4,22"),
    Region.CHEST: ("f", "-12,22.5 12,22.5 10.5,41 -10.5,41"),
    Region.ABDOMEN: ("f", "-10.5,42 10.5,42 10.5,55 -10.5,55"),
    Region.GROIN: ("f", "-10.5,56 10.5,56 11.5,65 0,69 -11.5,65"),
    Region.BACK: ("b", "-12,22.5 12,22.5 10.5,55 -10.5,55"),
    Region.BUTTOCK: ("b", "-10.5,56 10.5,56 11.5,65 0,69 -11.5,65"),
    Region.SCALP: ("fb", "0 5.5 6 3.4"),
    Region.FACE: ("f", "0 11.5 5 5.8"),
    Region.NOSE: ("f", "0 11 1.4 1.8"),
    Region.MOUTH: ("f", "0 14.6 2.6 1.1"),
}
"""What lies in the middle. Later ones lie above earlier ones."""

PAIRED: Final[Mapping[Region, Shape]] = {
    Region.UPPER_ARM: ("fb", "12.8,23 17,26 18.8,40 14.8,41"),
    Region.FOREARM: ("fb", "14.9,42 18.9,41 20.8,56 17.4,57"),
    Region.HAND: ("fb", "19.8 62 2.7 4.6"),
    Region.THIGH: ("fb", "0.8,69.5 11.5,66 10,88 2.5,88"),
    Region.LOWER_LEG: ("fb", "2.7,92 9.8,92 8.2,113 4,113"),
    Region.FOOT: ("fb", "6.5 118.5 3.2 3.6"),
    Region.SHOULDER: ("fb", "13 25 3.5 3.5"),
    Region.AXILLA: ("fb", "12.3 31 1.8 2.8"),
    Region.ELBOW: ("fb", "16.9 41 2.6 2.6"),
    Region.WRIST: ("fb", "19.2 57 2.2 1.8"),
    Region.KNEE: ("fb", "6.2 90 4 3.2"),
    Region.ANKLE: ("fb", "6.2 114 2.6 2"),
    Region.HIP: ("fb", "9.8 61 2.6 4.5"),
    Region.BREAST: ("f", "5.5 31 4 4"),
    Region.EYE: ("f", "2.6 9 1.6 1.1"),
    Region.EAR: ("fb", "6.7 10.5 1.5 2.4"),
}
"""What there is twice."""

ALIASES: Final = {Region.FINGER: Region.HAND, Region.THUMB: Region.HAND, Region.TOE: Region.FOOT}
"""Too small to be drawn: where they are is marked."""

HIDDEN_UNTIL_MARKED: Final = frozenset(
    {
        Region.SCALP,
        Region.FACE,
        Region.NOSE,
        Region.MOUTH,
        Region.AXILLA,
        Region.HIP,
        Region.BREAST,
        Region.EYE,
        Region.EAR,
    }
)
"""Parts of others, drawn only where they are meant; all others can be clicked."""

_CENTRES: Final = {"f": 24, "b": 76}


def figure(label: str) -> dom.Node:
    """The figure with nothing marked; `label` is what it shows, in words."""
    drawing = _svg("svg", {"class": "body-figure", "viewBox": "0 0 100 124", "role": "img", "aria-label": label})
    for region, view, side, shape in _parts():
        drawing.append(_drawn(region, view, side, shape))
    return drawing


def mark(drawing: dom.Node, located: Located | None) -> bool:
    """Marks what is located and nothing else; False when there is nothing to be marked."""
    wanted = ALIASES.get(located.region, located.region) if located and located.region else None
    side = located.side if located else ""
    marked = False
    for part in drawing.querySelectorAll("[data-region]"):
        is_meant = str(part.dataset.region) == (wanted.value if wanted else "")
        part_side = str(part.dataset.side)
        is_meant = is_meant and (not part_side or side in ("", "both") or part_side == side)
        part.classList.toggle("body-marked", is_meant)
        part.classList.toggle("body-unsure", is_meant and bool(part_side) and not side)
        marked = marked or is_meant
    return marked


def marked_figure(located: Located | None, label: str) -> dom.Node | None:
    """The figure for a report's facts; None when nothing is known for certain."""
    if located is None or located.region is None:
        return None
    drawing = figure(label)
    return drawing if mark(drawing, located) else None


def chooser(chosen: Callable[[str, str], None]) -> dom.Node:
    """The figure to click on: `chosen` gets the site's name and the side, empty in the middle. People who cannot point
    write instead.
    """
    drawing = figure(t("figure.choose"))
    drawing.classList.add("body-chooser")

    def clicked(event: Any) -> None:
        part = event.target.closest("[data-region]")
        if part:
            chosen(t(f"figure.{part.dataset.region}"), str(part.dataset.side))

    dom.on(drawing, "click", clicked)
    return drawing


def _parts() -> Iterator[tuple[Region, str, str, str]]:
    for region, (views, shape) in MIDDLE.items():
        yield from ((region, view, "", shape) for view in views)
    for region, (views, shape) in PAIRED.items():
        yield from ((region, view, side, shape) for view in views for side in ("left", "right"))


def _drawn(region: Region, view: str, side: str, shape: str) -> dom.Node:
    # Seen from the front, the patient's left is on our right; from behind, on our left.
    mirrored = (side == "right") == (view == "f") if side else False
    placed = {"transform": f"translate({_CENTRES[view]} 0) scale({-1 if mirrored else 1} 1)"}
    kind = "body-part body-detail" if region in HIDDEN_UNTIL_MARKED else "body-part"
    about = {"class": kind, "data-region": region.value, "data-side": side} | placed
    if "," in shape:
        return _svg("polygon", about | {"points": shape})
    x, y, across, down = shape.split()
    return _svg("ellipse", about | {"cx": x, "cy": y, "rx": across, "ry": down})


def _svg(name: str, attributes: Mapping[str, str]) -> dom.Node:
    node = dom.document().createElementNS(dom.SVG, name)
    for attribute, value in attributes.items():
        node.setAttribute(attribute, value)
    return node
