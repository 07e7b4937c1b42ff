"""Photos, video and sound: recognises a file and plans a copy of it without metadata.

::

    cleaned = await clean(source)          # source: anything with .size and async read(start, stop)
    new Blob(cleaned.segments …)           # in the browser: file.slice(keep.start, keep.stop) or bytes, in order
    for code in cleaned.warnings: code.sentence    # what to tell the sender before sending

Only structure is read, in pieces; picture and sound data are not. `docs/media.md` lists what is recognised and what is
removed.
"""

from __future__ import annotations

from picsafe_media.compose import CleanedSource, clean_file, cleaned_chunks
from picsafe_media.core.model import Cleaned, Description, Keep, Kind, Notice, Removal, Segment
from picsafe_media.core.source import ByteSource, FileSource
from picsafe_media.detect import clean

__all__ = [
    "ByteSource",
    "Cleaned",
    "CleanedSource",
    "Description",
    "FileSource",
    "Keep",
    "Kind",
    "Notice",
    "Removal",
    "Segment",
    "clean",
    "clean_file",
    "cleaned_chunks",
]
