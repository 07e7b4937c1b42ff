"""Writes photos of a report as DICOM (VL Photographic Image Storage). Where DICOM can hold it, the JPEG inside is
unchanged.

::

    choice = await examine(source)         # a photo as a `picsafe_media.ByteSource`: may its JPEG stay as it is?
    head(report, index, pixels, sender)    # everything before the JPEG; `pixels` describes it
    tail(pixels)                           # everything after it

So a file has three parts: `head`, the JPEG, `tail`. Only the structure of the JPEG is read here; in the browser the
three parts are joined outside Python. The same report always gives the same file, on every system.

::

    frame.py      what a JPEG says of itself, and the transfer syntax for it
    photo.py      may a photo stay as it is, and why not
    identity.py   identifiers that follow from the report's
    anatomy.py    the codes of body regions
    words.py      texts cut and cleaned as DICOM's value representations want them
    instance.py   the data set; the only module that needs pydicom

docs/media.md says what is written into which attribute.
"""

from __future__ import annotations
