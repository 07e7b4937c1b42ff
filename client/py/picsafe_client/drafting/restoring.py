"""Files of a draft that has been opened again, ready to be sent. They are read where they lie, piece by piece."""

from __future__ import annotations

from typing import Any

import picsafe_media as media
from picsafe_client.blobs import BlobSource
from picsafe_client.drafting.content import KeptFile, KeptPreview
from picsafe_client.drafting.draft_keeper import release
from picsafe_client.drafting.sealed_draft import SealedDraft
from picsafe_client.sending.media_preparation import PreparedFile, ProgressDelta, composed, prepare
from picsafe_client.sending.thumbnails import DrawnThumbnail
from picsafe_protocol.contracts.errors import EmptyMedium, UnsupportedMedium


def kept_file(draft: SealedDraft, kept: KeptFile) -> Any:
    """The file as it was chosen, a LazyBlob."""
    return draft.file(kept.item, kept.size, kept.type, kept.name)


async def prepared(draft: SealedDraft, kept: KeptFile, progress: ProgressDelta) -> PreparedFile:
    """The file as it was prepared. What was found then is believed where this release of the page found it.

    Raises as `prepare` does; a draft that somebody damaged gives files that cannot be read.
    """
    file, facts = kept_file(draft, kept), kept.facts
    if facts is None or facts.release != release():
        return await prepare(file, progress)
    try:
        cleaned = await media.clean(BlobSource(file))
        preview = await _preview(draft, facts.preview) if facts.preview else None
    except (EmptyMedium, UnsupportedMedium):
        return await prepare(file, progress)  # which says what is wrong, by the file's name
    if cleaned.size != facts.size:
        return await prepare(file, progress)
    blob = composed(file, cleaned)
    return PreparedFile(kept.name, blob, cleaned, facts.sha256, facts.crc32, preview, facts.comparison)


async def _preview(draft: SealedDraft, kept: KeptPreview) -> DrawnThumbnail:
    from picsafe_client.blobs import read_blob

    blob = draft.file(kept.item, kept.info.size, "image/jpeg", "")
    return DrawnThumbnail(await read_blob(blob, 0, kept.info.size), kept.crc32, kept.info)
