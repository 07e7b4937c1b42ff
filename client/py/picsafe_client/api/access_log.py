"""Who asked for a report's key, when and with what result: read from the key server, shown as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from picsafe_client.api.client import Api
from picsafe_client.i18n.error_messages import words_of_code
from picsafe_client.i18n.texts import moment, t
from picsafe_client.ui import dom
from picsafe_protocol.contracts.errors import PicSafeError

Entry: TypeAlias = Mapping[str, Any]
"""ENTRY of the key server's API."""

CSV_SECONDS: Final = 900
"""For the whole log of an institution as CSV: 20 MB, some hundred thousand entries, in a quarter of an hour over a slow line."""
NOT_SHOWN: Final = PicSafeError
EVENTS: Final = ("created", "released", "refused", "revoked", "destroyed", "erased", "restored")
CHIPS: Final = {"released": "chip chip-good", "refused": "chip chip-danger", "restored": "chip chip-danger"}


async def of_report(api: Api, keyserver_url: str, report_id: str, *, signal: Any = None) -> list[Entry]:
    """What happened to a report's key, oldest first; for its sender and for administrators."""
    token = await api.user_token(keyserver_url, signal=signal)
    answer = await api.keys(keyserver_url, "GET", f"/v1/reports/{report_id}/log", token, signal=signal)
    entries: list[Entry] = answer["entries"]
    return entries


async def of_institution(
    api: Api, keyserver_url: str, wanted: Mapping[str, str], *, signal: Any = None
) -> tuple[list[Entry], str | None]:
    """A page of what happened to all keys of the institution, newest first, and where the next page begins.

    `wanted`: after, limit, event, report_id, who; empty ones are left out.
    """
    token = await api.user_token(keyserver_url, signal=signal)
    answer = await api.keys(keyserver_url, "GET", f"/v1/log?{_query(wanted)}", token, signal=signal)
    following = answer.get("next")
    return answer["entries"], None if following is None else str(following)


async def as_csv(api: Api, keyserver_url: str, wanted: Mapping[str, str], *, signal: Any = None) -> Any:
    """The same entries, all of them, as a Uint8Array of CSV."""
    token = await api.user_token(keyserver_url, signal=signal)
    return await api.fetch_bytes(
        f"{keyserver_url}/v1/log.csv?{_query(wanted)}", token=token, seconds=CSV_SECONDS, signal=signal
    )


def table(entries: Sequence[Entry], *, with_report: bool = False) -> dom.Node:
    """The entries for people."""
    if not entries:
        return dom.el("p", {"class": "soft"}, t("log.empty"))
    names = ["log.time", "log.event", "log.who", "log.from"] + (["log.report"] if with_report else [])
    head = dom.el("tr", None, *[dom.el("th", {"scope": "col"}, t(name)) for name in names])
    body = dom.el("tbody", None, *[row(entry, with_report=with_report) for entry in entries])
    return dom.el(
        "div",
        {"class": "table-scroll", "tabindex": "0", "role": "region", "aria-label": t("sent.log")},
        dom.el("table", {"class": "table table-stack"}, dom.el("thead", None, head), body),
    )


def row(entry: Entry, *, with_report: bool = False) -> dom.Node:
    """One entry as a row of the table."""
    event = entry["event"]
    what = dom.el("td", None, dom.el("span", {"class": CHIPS.get(event, "chip")}, t(f"log.{event}")))
    reason = entry.get("reason") or words_of_code(entry.get("result_code") or "")
    if reason:
        dom.append(what, dom.el("span", {"class": "soft small table-note"}, reason))
    line = dom.el(
        "tr",
        None,
        dom.el("td", {"class": "number"}, moment(entry["time"])),
        what,
        dom.el("td", None, *_who(entry)),
        dom.el("td", {"class": "number"}, entry.get("from") or ""),
    )
    if with_report:
        report = entry["report_id"] or ""
        dom.append(line, dom.el("td", {"class": "mono", "title": report}, report[:8]))
    return line


def _who(entry: Entry) -> list[dom.Child]:
    who = entry.get("who")
    if not who:
        if entry["event"] == "destroyed":
            return [t("log.system")]
        when = entry.get("erased_at")
        return [t("log.erased_person"), dom.el("span", {"class": "soft small"}, moment(when)) if when else None]
    places = [part for part in (who.get("email"), who.get("institution")) if part]
    return [
        dom.el("span", {"class": "table-name"}, who.get("name") or ""),
        *[dom.el("span", {"class": "soft small table-place"}, part) for part in places],
    ]


def _query(wanted: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in wanted.items() if value})
