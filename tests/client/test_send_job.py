"""The states of a report on its way: whatever happens, in whatever order, each step is in the table."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_messages import entry_proof, report_row

from picsafe_client.errors import Cancelled
from picsafe_client.sending import sealing, send_job
from picsafe_client.sending.audience import Readers
from picsafe_client.sending.parcel import Parcel
from picsafe_client.sending.retry import SETUP_RETRY, UPLOAD_RETRY, RetryPolicy, retry
from picsafe_client.sending.send_control import SendControl
from picsafe_client.sending.send_job import SendJob, Surroundings
from picsafe_client.sending.send_state import (
    TERMINAL,
    TRANSITIONS,
    UNDER_WAY,
    IllegalTransition,
    SendEvent,
    SendState,
    is_possible,
    next_state,
)
from picsafe_client.session.models import Person
from picsafe_protocol.contracts.api.reports import OutboxToken, ReportView
from picsafe_protocol.contracts.backoff import Backoff
from picsafe_protocol.contracts.errors import (
    Conflict,
    NotSignedIn,
    PicSafeError,
    ServiceError,
    StorageFull,
    TooManyRequests,
    Unreachable,
)
from picsafe_protocol.crypto.package_digest import Pieces
from picsafe_protocol.format.composing import ReportDetails
from picsafe_protocol.format.label import Label
from picsafe_protocol.format.report import Patient
from picsafe_protocol.json.messages import read
from picsafe_protocol.json.timestamps import parse_time

NOW = parse_time("2026-12-01T08:00:00Z")
READERS: dict[str, Any] = {"recipients": [], "institutions": []}
CREATED = {
    "report_id": "r" * 26,
    "region": "eu",
    "keyserver": {"url": "https://keys.example", "grant": "k"},
    "cloud": {"url": "https://cloud.example", "grant": "c"},
    "expires_at": "2026-12-08T08:00:00Z",
    **READERS,
}


# The table


def test_terminal_states_have_no_way_out() -> None:
    assert not [state for state, _ in TRANSITIONS if state in TERMINAL]


def test_every_state_is_under_way_stopping_or_terminal() -> None:
    assert set(SendState) == UNDER_WAY | TERMINAL | {SendState.STOPPING}
    assert not UNDER_WAY & TERMINAL


def test_every_state_and_every_event_is_in_the_table() -> None:
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(SendState)
    assert {event for _, event in TRANSITIONS} == set(SendEvent)


@pytest.mark.parametrize("state", [state for state in SendState if state in UNDER_WAY])
def test_a_stop_ends_in_a_named_state(state: SendState) -> None:
    stopping = next_state(state, SendEvent.STOP)
    ends = {TRANSITIONS[stopping, event] for event in SendEvent if is_possible(stopping, event)}
    assert ends == TERMINAL, "one step after the stop it is over"


@given(st.lists(st.sampled_from(SendEvent)))
def test_events_outside_of_the_table_are_refused(events: list[SendEvent]) -> None:
    state = SendState.ENCRYPTING
    for event in events:
        if (state, event) in TRANSITIONS:
            state = next_state(state, event)
        else:
            with pytest.raises(IllegalTransition):
                next_state(state, event)
    assert state in TERMINAL or any(is_possible(state, event) for event in SendEvent)


# A job between a person, a session and servers, all of them unpredictable


class FakeAbort:
    """An AbortController, and its signal."""

    def __init__(self) -> None:
        self.aborted = False
        self.signal = self
        self.sources: list[FakeAbort] = []

    def abort(self) -> None:
        self.aborted = True

    @property
    def is_over(self) -> bool:
        return self.aborted or any(each.is_over for each in self.sources)

    @classmethod
    def any(cls, signals: list[FakeAbort]) -> FakeAbort:
        combined = cls()
        combined.sources = list(signals)
        return combined


class FakeServers:
    """Answers each request when the test says so; what is aborted meanwhile is `Cancelled`."""

    def __init__(self) -> None:
        self.pending: list[asyncio.Future[Any]] = []
        self.withdrawals: list[Exception | None] = []
        self.receipts: list[Any] = []
        self.declared: list[Any] = []

    async def answer(self, signal: FakeAbort | None, result: Any) -> Any:
        outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.pending.append(outcome)
        while not outcome.done():
            if signal is not None and signal.is_over:
                self.pending.remove(outcome)
                raise Cancelled
            await asyncio.sleep(0)
        error = outcome.result()
        if error is not None:
            raise error
        return result

    def settle(self, error: Exception | None) -> None:
        """The oldest request is answered, well or not."""
        for outcome in self.pending[:1]:
            self.pending.remove(outcome)
            outcome.set_result(error)

    async def users(self, method: str, path: str, body: Any = None, *, signal: Any = None) -> Any:
        if method == "DELETE":
            await asyncio.sleep(0)
            error = self.withdrawals.pop(0) if self.withdrawals else None
            if error is not None:
                raise error
            return None
        if path.endswith("/outbox"):
            self.declared.append(body)
            return await self.answer(signal, {"token": "picsafe_ob_x", "ends_at": "2026-12-02T08:00:00Z"})
        return await self.answer(signal, CREATED)

    async def request(self, method: str, url: str, *, token: str, body: Any = None, signal: Any = None) -> Any:
        assert (method, url, token) == ("POST", "/users/v1/outbox/receipt", "picsafe_ob_x")
        self.receipts.append(body)
        return await self.answer(signal, None)

    async def keys(self, *_request: Any, signal: Any = None) -> Any:
        return await self.answer(signal, {"key_id": "k" * 26, "key": "", "expires_at": "", "entry": entry_proof()})


class FakeUpload:
    """Three requests, as `ResumableUpload` makes them."""

    size = 300

    def __init__(self, servers: Any, _parcel: Parcel, retry: Any) -> None:
        self._servers = servers
        self._retry = retry

    async def run(self, progress: Callable[[int], None]) -> Any:
        for _ in range(3):
            await self._retry(lambda signal: self._servers.answer(signal, None))
            progress(100)
        return "receipt"


async def fake_measure(_package: Any) -> tuple[str, Pieces]:
    return "0" * 64, Pieces(300, bytes(32))


async def fake_seal(*arguments: Any) -> Any:
    progress = arguments[-1]
    for _ in range(3):
        await asyncio.sleep(0)
        progress(0)
    return sealing.Sealed(SimpleNamespace(size=300), b"sealed", Label(Patient("Edda Lindqvist"), "", 1, 0, 0))


class WatchedJob(SendJob):
    """A job whose every change of state is compared with the table."""

    steps: list[tuple[SendState, SendState]]

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "state" and hasattr(self, "state"):
            self.steps.append((self.state, value))
        elif name == "state":
            object.__setattr__(self, "steps", [])
        object.__setattr__(self, name, value)


class World:
    """One job, and what the tests do around it."""

    def __init__(self) -> None:
        self.servers = FakeServers()
        self.back = asyncio.Event()
        self.is_same_person = True
        self.told: list[tuple[str, Label]] = []
        api: Any = self.servers
        self.job = WatchedJob(
            api,
            Surroundings(
                sender_back=self._sender_back,
                tell=lambda report_id, label: self.told.append((report_id, label)),
                keep=self._keep,
                describe=self._describe,
            ),
            "u",
        )
        details = ReportDetails(patient=Patient("Edda Lindqvist"))
        sender = Person("u", "ruth@clinic.example", "Dr Ruth Lindqvist", "DE", "eu", None, None, ())
        emails = ["kim@clinic.example"]
        self.task = asyncio.ensure_future(self.job.run(sender, [], details, emails, Readers((), None), NOW))

    async def _keep(self, parcel: Parcel, token: OutboxToken) -> None:
        assert parcel.token == token.token
        parcel.is_kept = True

    async def _describe(self, report_id: str) -> ReportView | None:
        return read(ReportView, report_row(id=report_id, region="eu"))

    async def _sender_back(self) -> None:
        self.back.clear()
        await self.back.wait()
        if not self.is_same_person:
            raise Cancelled

    async def settle(self, *answers: Exception | None) -> None:
        """Answers requests in their order, as they come."""
        for answer in answers:
            await self.breathe()
            self.servers.settle(answer)
        await self.breathe()

    async def breathe(self) -> None:
        for _ in range(12):
            await asyncio.sleep(0)

    async def until(self, state: SendState) -> None:
        """Answers well until the job is in `state`."""
        for _ in range(40):
            if self.job.state is state:
                return
            await self.settle(None)
        raise AssertionError(f"{self.job.state} instead of {state}")

    def check(self) -> None:
        allowed = {(before, after) for (before, _), after in TRANSITIONS.items()}
        assert set(self.job.steps) <= allowed, "no transition outside of the table"
        assert not [before for before, _ in self.job.steps if before in TERMINAL], "terminal states are terminal"


def _at_once(policy: RetryPolicy) -> RetryPolicy:
    return RetryPolicy(Backoff(first=0, longest=0), policy.attempts, policy.longest_wanted)


@contextmanager
def without_browser() -> Iterator[None]:
    """Stands in for what a job needs of the browser; pauses between attempts take no time."""
    js, ffi = ModuleType("js"), ModuleType("pyodide.ffi")
    vars(js)["AbortController"] = SimpleNamespace(new=FakeAbort)
    vars(js)["AbortSignal"] = SimpleNamespace(timeout=lambda _milliseconds: FakeAbort(), any=FakeAbort.any)
    vars(js)["console"] = SimpleNamespace(error=lambda *_each: None)
    vars(ffi)["to_js"] = lambda value: value
    with (
        patch.dict(sys.modules, {"js": js, "pyodide": ModuleType("pyodide"), "pyodide.ffi": ffi}),
        patch.object(send_job, "dom", SimpleNamespace(on=lambda *_each: lambda: None, window=lambda: None)),
        patch.object(send_job, "ResumableUpload", FakeUpload),
        patch.object(sealing, "seal", fake_seal),
        patch.object(send_job, "measure", fake_measure),
        patch.object(send_job, "SETUP_RETRY", _at_once(SETUP_RETRY)),
        patch.object(send_job, "UPLOAD_RETRY", _at_once(UPLOAD_RETRY)),
    ):
        yield


def play(story: Callable[[World], Awaitable[None]]) -> None:
    """Runs a story with a new job, and looks at the way that it took."""

    async def run() -> None:
        world = World()
        await story(world)
        world.check()
        world.task.cancel()

    with without_browser():
        asyncio.run(run())


def _other_person(world: World) -> None:
    world.is_same_person = False
    world.back.set()


ACTIONS: dict[str, Callable[[World], None]] = {
    "pause": lambda world: world.job.pause(),
    "resume": lambda world: world.job.resume(),
    "try again": lambda world: world.job.try_again(),
    "stop": lambda world: world.job.stop(),
    "sign in": lambda world: world.back.set(),
    "somebody else signs in": _other_person,
    "answer": lambda world: world.servers.settle(None),
    "no network": lambda world: world.servers.settle(Unreachable()),
    "session over": lambda world: world.servers.settle(NotSignedIn()),
    "cloud full": lambda world: world.servers.settle(StorageFull()),
    "refused": lambda world: world.servers.settle(Conflict()),
    "broken": lambda world: world.servers.settle(ValueError("not foreseen")),
    "time passes": lambda _world: None,
}
LIKELY = ["answer", "answer", "answer", "answer", "time passes", *ACTIONS]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(LIKELY), st.integers(0, 6)), max_size=40),
    st.sampled_from([None, Unreachable(), NotSignedIn(), ValueError("not foreseen")]),
)
def test_whatever_happens_a_job_follows_the_table_and_a_stop_ends_it(
    happenings: list[tuple[str, int]], withdrawal: Exception | None
) -> None:
    async def story(world: World) -> None:
        world.servers.withdrawals = [withdrawal] * 3
        for name, ticks in happenings:
            ACTIONS[name](world)
            for _ in range(ticks):
                await asyncio.sleep(0)
        world.job.stop()
        await world.breathe()
        assert world.job.state in TERMINAL, f"stopped, it stays {world.job.state}"
        assert world.task.done()
        assert world.task.exception() is None
        ended = world.job.state
        for act in ACTIONS.values():
            act(world)
        assert world.job.state is ended

    play(story)


@pytest.mark.parametrize("state", [state for state in SendState if state in UNDER_WAY])
def test_a_stop_in_each_state_ends_it(state: SendState) -> None:
    async def story(world: World) -> None:
        if state is not SendState.ENCRYPTING:
            await world.until(SendState.UPLOADING)
        if state is SendState.PAUSED:
            world.job.pause()
        elif state is SendState.LOCKED:
            await world.settle(NotSignedIn())
        elif state is SendState.BLOCKED:
            await world.settle(StorageFull())
        assert world.job.state is state
        world.job.stop()
        await world.breathe()
        assert world.job.state is SendState.STOPPED

    play(story)


def test_without_troubles_it_is_delivered() -> None:
    async def story(world: World) -> None:
        await world.until(SendState.DELIVERED)
        assert world.job.report == read(ReportView, report_row(id="r" * 26, region="eu"))
        assert (world.job.done, world.job.total) == (300, 300)
        assert [(report_id, label.patient.name) for report_id, label in world.told] == [("r" * 26, "Edda Lindqvist")]

    play(story)


def test_the_same_label_is_handed_in_again_when_the_answer_was_lost() -> None:
    async def story(world: World) -> None:
        while not world.servers.receipts:
            await world.settle(None)
        await world.settle(Unreachable(), None)
        assert world.job.state is SendState.DELIVERED
        assert world.servers.receipts == [{"receipt": "receipt"}] * 2
        assert [each["label"] for each in world.servers.declared] == ["c2VhbGVk"], "sealed and declared once"

    play(story)


def test_a_pause_keeps_the_part_and_resuming_sends_it_again() -> None:
    async def story(world: World) -> None:
        await world.until(SendState.UPLOADING)
        await world.breathe()
        world.job.pause()
        await world.breathe()
        assert not world.servers.pending, "the request was aborted"
        world.job.resume()
        await world.until(SendState.DELIVERED)

    play(story)


def test_a_full_cloud_waits_for_the_sender_to_try_again() -> None:
    async def story(world: World) -> None:
        await world.until(SendState.UPLOADING)
        await world.settle(StorageFull())
        assert world.job.state is SendState.BLOCKED
        assert isinstance(world.job.error, StorageFull)
        world.job.try_again()
        assert world.job.error is None
        await world.until(SendState.DELIVERED)

    play(story)


def test_a_full_cloud_after_the_stop_holds_nothing_up() -> None:
    """The answer arrived in the moment in which the sender stopped it: waiting for room would never end."""

    async def story(world: World) -> None:
        await world.until(SendState.UPLOADING)
        await world.breathe()
        world.servers.settle(StorageFull())
        world.job.stop()
        await world.breathe()
        assert world.job.state is SendState.STOPPED

    play(story)


def test_after_a_lock_it_waits_for_the_same_person() -> None:
    async def story(world: World) -> None:
        await world.until(SendState.UPLOADING)
        await world.settle(NotSignedIn())
        assert world.job.state is SendState.LOCKED
        world.back.set()
        await world.until(SendState.DELIVERED)

    play(story)


def test_somebody_else_who_signs_in_ends_it() -> None:
    async def story(world: World) -> None:
        await world.until(SendState.UPLOADING)
        await world.settle(NotSignedIn())
        _other_person(world)
        await world.breathe()
        assert world.job.state is SendState.STOPPED

    play(story)


def test_what_was_stopped_while_its_receipt_was_on_the_way_is_unknown_when_nobody_answers() -> None:
    async def story(world: World) -> None:
        world.servers.withdrawals = [Unreachable()]
        await world.until(SendState.UPLOADING)
        await world.settle(None, None, None, None)
        world.job.stop()
        await world.breathe()
        assert world.job.state is SendState.UNKNOWN

    play(story)


def test_an_error_that_trying_again_does_not_change_fails_without_its_frames() -> None:
    async def story(world: World) -> None:
        await world.until(SendState.UPLOADING)
        await world.settle(Conflict())
        assert world.job.state is SendState.FAILED
        assert isinstance(world.job.error, Conflict)
        assert world.job.error.__traceback__ is None, "frames hold files and facts"

    play(story)


# Trying again


async def _times(policy: RetryPolicy, outcomes: list[Exception | None]) -> list[str]:
    """What `blocked_by` was told, over requests with these outcomes."""
    said: list[str] = []

    async def attempt(_signal: Any) -> None:
        error = outcomes.pop(0)
        if error is not None:
            raise error

    def blocked_by(error: ServiceError | None) -> None:
        said.append(type(error).__name__ if error else "")

    try:
        await retry(attempt, _at_once(policy), SendControl(), blocked_by=blocked_by)
    except PicSafeError as error:
        said.append(f"raised {type(error).__name__}")
    return said


@pytest.mark.parametrize(
    ("policy", "outcomes", "said"),
    [
        (UPLOAD_RETRY, [None], [""]),
        (UPLOAD_RETRY, [Unreachable()] * 9 + [None], ["Unreachable"] * 9 + [""]),
        (UPLOAD_RETRY, [TooManyRequests(retry_after=0), None], ["TooManyRequests", ""]),
        (UPLOAD_RETRY, [Unreachable(), StorageFull()], ["Unreachable", "raised StorageFull"]),
        (UPLOAD_RETRY, [NotSignedIn()], ["raised NotSignedIn"]),
        (SETUP_RETRY, [Unreachable()] * 4 + [None], ["Unreachable"] * 4 + [""]),
        (SETUP_RETRY, [Unreachable()] * 5, ["Unreachable"] * 4 + ["", "raised Unreachable"]),
        (SETUP_RETRY, [TooManyRequests(retry_after=31)], ["", "raised TooManyRequests"]),
    ],
)
def test_a_request_is_repeated_as_its_policy_says(
    policy: RetryPolicy, outcomes: list[Exception | None], said: list[str]
) -> None:
    with without_browser():
        assert asyncio.run(_times(policy, list(outcomes))) == said


def test_pauses_grow_and_are_never_shorter_than_a_server_wants() -> None:
    assert [SETUP_RETRY.pause(failures, Unreachable()) for failures in range(1, 6)] == [1, 2, 4, 8, None]
    assert SETUP_RETRY.pause(1, TooManyRequests(retry_after=30)) == 30
    assert UPLOAD_RETRY.pause(50, Unreachable()) == 30
    assert UPLOAD_RETRY.pause(1, TooManyRequests(retry_after=600)) == 600
