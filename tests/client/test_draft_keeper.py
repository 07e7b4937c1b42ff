"""Keeping a form sealed: what is said to be kept is kept, whatever fails and in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from picsafe_client.drafting import draft_keeper
from picsafe_client.drafting.content import DraftContent, DraftUnreadable, KeptFacts, KeptFile, KeptPreview
from picsafe_client.drafting.draft_keeper import DraftKeeper, DraftState
from picsafe_client.drafting.sealed_draft import DraftNotKept
from picsafe_media.comparison import Comparison
from picsafe_protocol.contracts.errors import LimitExceeded, Unreachable
from picsafe_protocol.format.composing import ThumbnailInfo

FORM = DraftContent(
    "", {"send-patient-name": "Edda Lindqvist", "send-purpose-education": True}, [("jon@x.example", "Jon")]
)
PHOTO = SimpleNamespace(name="a.jpg", type="image/jpeg", size=5)


class Disk:
    """What the browser keeps. `fails` is raised by the next of what it does."""

    def __init__(self) -> None:
        self.fails: list[Exception | None] = []
        self.form: DraftContent | None = None
        self.files: set[str] = set()
        self.begun = 0
        self.state = "none"
        self.gate = asyncio.Event()
        self.gate.set()

    async def _step(self) -> None:
        await self.gate.wait()
        await asyncio.sleep(0)
        if self.fails and (error := self.fails.pop(0)):
            raise error

    async def begin(self, _api: Any, _account: str) -> Disk:
        await self._step()
        self.begun += 1
        self.state = "open"
        return self

    async def write(self, content: DraftContent) -> None:
        await self._step()
        self.form = DraftContent.from_json(content.to_json())

    async def seal_file(self, item: str, _blob: Any, goes_on: Callable[[int], bool]) -> bool:
        await self._step()
        if not goes_on(0):
            return False
        self.files.add(item)
        return True

    async def remove_files(self, items: list[str]) -> None:
        self.files -= set(items)

    async def discard(self) -> None:
        self.form, self.state = None, "gone"
        self.files.clear()

    def forget(self) -> None:
        self.state = "forgotten"

    def close(self) -> None:
        self.state = "closed"


class World:
    """A form, its keeper and a disk."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.form: DraftContent | None = None
        self.returned: list[Any] = []
        api: Any = None
        self.keeper = DraftKeeper(api, "ada", "2026-12-01T10:42:00+00:00", lambda: self.form, self.returned.append)
        self.seen: list[DraftState] = []
        self.keeper.changes.watch(self.seen.append)

    @property
    def state(self) -> str:
        return self.keeper.state.value

    def enter(self, form: DraftContent | None = FORM) -> None:
        self.form = form
        self.keeper.touch()

    async def rest(self) -> None:
        for _ in range(60):
            await asyncio.sleep(0)


def play(story: Callable[[World], Awaitable[None]]) -> None:
    """Runs a story; pauses take no time."""

    async def run() -> None:
        loop, world = asyncio.get_running_loop(), World()

        def later(work: Callable[[], None], milliseconds: int) -> Callable[[], None]:
            return loop.call_later(milliseconds / 1_000_000, work).cancel

        dom = SimpleNamespace(set_timeout=later, start_task=asyncio.ensure_future)
        with (
            patch.object(draft_keeper, "dom", dom),
            patch.object(draft_keeper, "SealedDraft", SimpleNamespace(begin=world.disk.begin)),
            patch.object(draft_keeper, "release", lambda: "this"),
            patch.object(draft_keeper, "new_blob", lambda parts: parts),
        ):
            await story(world)

    asyncio.run(run())


def ready(size: int = 4) -> Any:
    """A prepared file."""
    preview = SimpleNamespace(data=b"jpeg", crc32=3, facts=ThumbnailInfo(4, "ab", 32, 24))
    cleaned = SimpleNamespace(description=SimpleNamespace(kind="photo"))
    return SimpleNamespace(
        size=size, sha256="cd", crc32=9, comparison=Comparison.SAME, preview=preview, cleaned=cleaned
    )


def test_what_is_entered_is_sealed_with_its_files() -> None:
    async def story(world: World) -> None:
        item = world.keeper.add_file(PHOTO)
        assert world.state == DraftState.SEALING.value, "from the first moment"
        world.enter()
        await world.rest()
        await asyncio.sleep(0.01)
        world.keeper.file_ready(item, ready())
        await world.rest()
        assert world.state == DraftState.SEALED.value
        form = world.disk.form
        assert form is not None
        assert (form.fields, form.recipients, form.began_at) == (
            FORM.fields,
            FORM.recipients,
            "2026-12-01T10:42:00+00:00",
        )
        [kept] = form.files
        assert (kept.item, kept.name, kept.size) == (item, "a.jpg", 5)
        assert kept.facts is not None
        assert kept.facts.preview is not None
        assert world.disk.files == {item, kept.facts.preview.item}
        assert world.disk.begun == 1

    play(story)


def test_it_is_not_kept_before_it_is_on_the_disk() -> None:
    async def story(world: World) -> None:
        world.disk.gate.clear()
        world.enter()
        await asyncio.sleep(0.01)
        assert not world.keeper.is_sealed
        world.disk.gate.set()
        await world.rest()
        assert world.keeper.is_sealed
        world.enter(replace(FORM, fields={"send-patient-name": "Edda L"}))
        assert not world.keeper.is_sealed, "one letter later"

    play(story)


def test_a_server_that_is_away_is_asked_again_and_nothing_is_forgotten_meanwhile() -> None:
    async def story(world: World) -> None:
        world.disk.fails = [Unreachable(), Unreachable()]
        item = world.keeper.add_file(PHOTO)
        await world.rest()
        assert world.state == DraftState.WAITING.value
        await asyncio.sleep(0.05)
        await world.rest()
        assert world.state == DraftState.SEALED.value
        assert world.disk.files == {item}

    play(story)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (DraftNotKept(is_full=True), DraftState.FULL),
        (DraftNotKept(is_full=False), DraftState.NOT_KEPT),
        (LimitExceeded(), DraftState.TOO_MANY),
    ],
)
def test_what_cannot_be_kept_is_said(error: Exception, state: DraftState) -> None:
    async def story(world: World) -> None:
        world.disk.fails = [error]
        world.keeper.add_file(PHOTO)
        await world.rest()
        assert (world.keeper.state, world.keeper.is_sealed) == (state, False)

    play(story)


def test_an_emptied_form_leaves_nothing() -> None:
    async def story(world: World) -> None:
        item = world.keeper.add_file(PHOTO)
        await world.rest()
        world.keeper.remove_file(item)
        await asyncio.sleep(0.01)
        await world.rest()
        assert (world.keeper.state, world.disk.state, world.disk.files) == (DraftState.EMPTY, "gone", set())
        world.enter()
        await asyncio.sleep(0.01)
        await world.rest()
        assert (world.keeper.state, world.disk.begun) == (DraftState.SEALED, 2), "a new draft, with a new secret"

    play(story)


def test_a_file_that_is_taken_away_while_it_is_sealed_is_not_kept() -> None:
    async def story(world: World) -> None:
        world.enter()
        await asyncio.sleep(0.01)
        world.disk.gate.clear()
        item = world.keeper.add_file(PHOTO)
        world.keeper.remove_file(item)
        world.disk.gate.set()
        await asyncio.sleep(0.01)
        await world.rest()
        assert world.disk.form is not None
        assert list(world.disk.form.files) == []
        assert world.disk.files == set()
        assert world.keeper.is_sealed

    play(story)


def test_leaving_gives_the_draft_back_only_when_something_is_sealed() -> None:
    async def story(world: World) -> None:
        world.enter()
        await asyncio.sleep(0.01)
        await world.rest()
        left: Any = world.keeper.leave()
        assert left is world.disk
        other = World()
        assert other.keeper.leave() is None

    play(story)


def test_what_is_being_sent_stays_as_it_is_until_it_was_sent() -> None:
    async def story(world: World) -> None:
        world.enter()
        await asyncio.sleep(0.01)
        await world.rest()
        world.keeper.lend()
        world.enter(None)
        assert world.keeper.leave() is None
        assert world.disk.state == "open", "it is still being encrypted"
        world.keeper.forget()
        assert world.disk.state == "forgotten", "no other tab gets it, and nothing of it can be read here"
        world.keeper.give_back()
        assert world.returned == [world.disk]
        assert world.disk.form is not None
        await world.keeper.discard()
        assert world.disk.state == "gone"

    play(story)


def test_content_comes_back_from_its_text() -> None:
    facts = KeptFacts("this", "video", 4, "cd", 9, Comparison.SAME, KeptPreview("p", 3, ThumbnailInfo(4, "ab", 32, 24)))
    files = [KeptFile("i", "a.mp4", "", 5, facts), KeptFile("j", "b.wav", "audio/wav", 6)]
    content = replace(FORM, began_at="2026-12-01T10:42:00+00:00", files=files)
    assert DraftContent.from_json(content.to_json()) == content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1}',
        '{"version": 1, "began_at": "", "fields": [], "recipients": [], "files": []}',
    ],
)
def test_a_text_of_another_release_is_refused(text: str) -> None:
    with pytest.raises(DraftUnreadable):
        DraftContent.from_json(text)
