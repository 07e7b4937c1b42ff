"""The tables and frame of a JPEG, which determine the markers allowed in its scans and what to count (T.81, annex
B).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from picsafe_media.core.source import damaged
from picsafe_media.images.jpeg_scan import Component, Scan, Tables

__all__ = ["APPLICATIONS", "BETWEEN_SCANS", "COMMENT", "EOI", "FRAMES", "SOS", "TABLES", "Frame"]

_DHT, EOI, SOS, _DNL, _DRI = 0xC4, 0xD9, 0xDA, 0xDC, 0xDD
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, 0xCC}
TABLES: Final = frozenset((_DHT, 0xCC, 0xDB, _DNL, _DRI, 0xDE, 0xDF))
BETWEEN_SCANS: Final = frozenset((_DHT, 0xCC, 0xDB, _DNL, _DRI, SOS))
"""What may follow a scan other than the end. Comments and Exif come before the picture in all files that cameras and
programs write; between scans nobody can tell them from a false marker, so there they are damage.
"""
APPLICATIONS: Final = frozenset(range(0xE0, 0xF0))
COMMENT: Final = 0xFE
_PROGRESSIVE: Final = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_COUNTABLE: Final = frozenset((0xC0, 0xC1))
"""Frames of Huffman-coded blocks in sequence: their blocks can be counted."""


@dataclass(slots=True)
class Frame:
    """Learns from segments. `kind` is the marker of the frame, 0 before there is one."""

    kind: int = 0
    width: int = 0
    height: int = 0
    scan: Scan | None = None
    """The last scan, where its blocks can be counted."""
    has_one_scan: bool = False
    """Whether that one holds all components, so that decoders do not look for others behind it."""
    _components: tuple[Component, ...] = ()
    _scanned: set[int] = field(default_factory=set)
    _tables: Tables = field(default_factory=Tables)
    _restart: int = 0

    @property
    def is_scanned(self) -> bool:
        """Whether each component of a sequential picture has had its scan."""
        return self.kind not in _PROGRESSIVE and len(self._scanned) >= len(self._components)

    def may_follow(self, marker: int) -> bool:
        """Whether a marker may come behind a scan: behind the last one of a sequential picture hardly any."""
        return marker == EOI or (marker in BETWEEN_SCANS and (not self.is_scanned or marker == _DNL))

    def describe(self, marker: int, payload: bytes) -> None:
        """Takes in a frame header or tables; of several frames the first counts."""
        if marker == _DHT:
            self._tables.define(payload)
        elif marker == _DRI:
            self._restart = int.from_bytes(payload[:2], "big")
        elif marker == _DNL:
            self.height = self.height or int.from_bytes(payload[:2], "big")
        elif marker in FRAMES:
            if len(payload) < 9:
                raise damaged("the picture's description is too short")
            if not self.kind:
                self.kind = marker
                self.height, self.width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
                self._components = tuple(
                    Component(payload[at], payload[at + 1] >> 4, payload[at + 1] & 15)
                    for at in range(6, min(6 + 3 * payload[5], len(payload) - 2), 3)
                )

    def begin_scan(self, start: int, header: bytes) -> None:
        """Takes in the payload of SOS, behind which picture data begin at `start`."""
        self.has_one_scan = not self._scanned and header[:1] == bytes((len(self._components),))
        self._scanned.update(header[1 : 1 + 2 * (header[0] if header else 0) : 2])
        self.scan = None
        if self.kind in _COUNTABLE:
            size = self.width, self.height
            self.scan = Scan.of(start, header, self._components, size, self._restart, self._tables)
