"""What this browser promises about what it stores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoragePromise:
    """`works`: drafts can be kept at all; `is_persistent`: the browser deletes nothing on its own; `free`: bytes left."""

    works: bool
    is_persistent: bool
    free: int | None

    @classmethod
    async def of_browser(cls) -> StoragePromise:
        """Asks the browser, not the person."""
        import js

        found = await js.picsafe.sealedDrafts.promise()
        free = int(found.free)
        return cls(bool(found.works), bool(found.persisted), free if free >= 0 else None)


async def ask_to_persist() -> bool:
    """Asks the browser to delete nothing on its own. Some ask the person, so this follows a click."""
    import js

    return bool(await js.picsafe.sealedDrafts.persist())
