"""The clips that every writer of films and sound is given, and words for the programs that write them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from media_corpus.sources import call

__all__ = [
    *("FFMPEG", "H264", "MPEG4", "NAMES", "Clips", "clips", "clips_in_a_folder", "ffmpeg_all", "gst", "recorded"),
    *("tagged_copies", "tags_of_gst"),
]

_RECORDED: Final = Path(__file__).with_name("recorded")
"""What Chromium's MediaRecorder wrote, which is never twice the same: `record.py` makes it again."""
H264: Final = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
MPEG4: Final = ("-c:v", "mpeg4", "-q:v", "8")
FFMPEG: Final = ("ffmpeg", "-v", "error", "-y")
NAMES: Final = {"title": "Jane Sample", "artist": "Dr Example", "comment": "SERIAL-42", "make": "Acme Cameras"}
"""What programs write into the files; none of it may be in a copy."""


@dataclass(frozen=True, slots=True)
class Clips:
    """Half a second each: sound of one and of two channels as WAVE, and a picture that moves as Y4M."""

    mono: Path
    stereo: Path
    picture: Path

    @property
    def sounds(self) -> dict[str, Path]:
        """Both sounds by what they are called in file names."""
        return {"mono": self.mono, "stereo": self.stereo}


def clips(folder: Path) -> Clips:
    """Makes the clips."""
    made = Clips(folder / "mono.wav", folder / "stereo.wav", folder / "picture.y4m")
    call(
        *(*FFMPEG, "-f", "lavfi", "-i", "sine=f=330:r=16000:d=0.5", "-f", "lavfi"),
        *("-i", "aevalsrc=sin(2200*t)|sin(3100*t):s=44100:d=0.4", "-f", "lavfi", "-i", "testsrc2=s=96x64:r=12:d=0.5"),
        *("-map", "0", "-bitexact", made.mono, "-map", "1", "-bitexact", made.stereo),
        *("-map", "2", "-pix_fmt", "yuv420p", made.picture),
    )
    return made


@contextmanager
def clips_in_a_folder() -> Iterator[Clips]:
    """The clips, for as long as they are needed."""
    with tempfile.TemporaryDirectory() as place:
        yield clips(Path(place))


def recorded(folder: Path, extension: str) -> None:
    """Copies what Chromium recorded."""
    for path in sorted(_RECORDED.glob(f"*.{extension}")):
        (folder / f"chromium--{path.name}").write_bytes(path.read_bytes())


def ffmpeg_all(clips: Clips, outputs: dict[Path, tuple[str, ...]]) -> None:
    """All files with one run of ffmpeg: `-map 0` is the mono sound, `-map 1` the stereo, `-map 2` the picture."""
    names = [word for key, value in NAMES.items() for word in ("-metadata", f"{key}={value}")]
    words: list[str | Path] = []
    for path, options in outputs.items():
        words += [*options, *names, "-threads", "1", path]
    call(*FFMPEG, "-i", clips.mono, "-i", clips.stereo, "-i", clips.picture, *words)


def gst(*pipelines: str) -> None:
    """Runs GStreamer's pipelines at once."""
    call("gst-launch-1.0", "-q", *" ".join(pipelines).split())


def tags_of_gst() -> str:
    """An element that gives the stream tags."""
    return "taginject tags=title=Jane-Sample,artist=Dr-Example"


def tagged_copies(folder: Path, writer: str, extension: str, every: int = 3) -> list[Path]:
    """Copies of some files, for a program that rewrites them."""
    copies = []
    for path in sorted(path for path in folder.glob(f"*.{extension}") if not path.name.startswith(f"{writer}--"))[
        ::every
    ]:
        copy = folder / f"{writer}--{path.stem.replace('--', '-')}.{extension}"
        copy.write_bytes(path.read_bytes())
        copies.append(copy)
    return copies
