"""Photos of a report as DICOM: VL Photographic Image Storage, the JPEG inside byte for byte as it was sent where DICOM can hold it.

::

    choice = await examine(source)         # a photo as a `media.ByteSource`: may its JPEG stay as it is?
    head(report, index, pixels, sender)    # everything before the JPEG; `pixels` describes it
    tail(pixels)                           # everything after it

So a file is three parts: `head`, the JPEG, `tail`. The JPEG itself never comes here, only its structure is read; in the
browser the three are put together outside Python. The same report gives the same file each time and everywhere.

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
