"""From chosen files to a package that only its recipients can open: a draft on the user server, a key, encryption here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from picsafe_client.api.client import Api, Grant
from picsafe_client.sending.media_preparation import PreparedFile, ProgressDelta
from picsafe_client.sending.package_builder import pack
from picsafe_client.session.models import Me
from picsafe_protocol.format.composing import ReportDetails, declared_size, report_of
from picsafe_protocol.format.opening import parse_released_key
from picsafe_protocol.format.package import Header
from picsafe_protocol.format.report import Author


@dataclass(frozen=True)
class Draft:
    """A report that the user server has begun. Nobody sees it; the servers delete it within a day unless it is
    delivered.
    """

    report_id: str
    key_server_url: str
    key_grant: str
    upload_grant: Grant
    answer: Mapping[str, Any]
    """What ``POST /v1/reports`` answered: it also says who will be able to open the report."""


async def begin_draft(api: Api, files: Sequence[PreparedFile], recipients: Sequence[str], signal: Any) -> Draft:
    """Asks the user server for a report. Raises `UnknownRecipient`, `LimitExceeded`, `Unreachable`, …"""
    sizes = (file.size + (file.preview.facts.size if file.preview else 0) for file in files)
    wanted = {"recipients": list(recipients), "size": declared_size(sizes)}
    answer = await api.users("POST", "/v1/reports", wanted, signal=signal)
    key_server, cloud = answer["keyserver"], answer["cloud"]
    grant = Grant(cloud["url"], cloud["grant"], datetime.fromisoformat(answer["expires_at"]))
    return Draft(str(answer["report_id"]), key_server["url"], key_server["grant"], grant, answer)


async def request_key(api: Api, draft: Draft, signal: Any) -> Mapping[str, Any]:
    """Asks the draft's key server for a new key; its answer."""
    body = {"report_id": draft.report_id}
    answer: Mapping[str, Any] = await api.keys(
        draft.key_server_url, "POST", "/v1/keys", draft.key_grant, body, signal=signal
    )
    return answer


async def seal(
    draft: Draft,
    issued: Mapping[str, Any],
    sender: Me,
    files: Sequence[PreparedFile],
    details: ReportDetails,
    now: datetime,
    progress: ProgressDelta,
) -> Any:
    """The encrypted package, a Blob. `issued` is the answer of `request_key`; `progress` counts the bytes of `files`.

    Raises `DigestMismatch`, `UnsupportedMedium`, `LimitExceeded`, and what `progress` raises.
    """
    media = [file.medium(number) for number, file in enumerate(files, 1)]
    institution = sender.institution
    author = Author(sender.name, sender.email, institution.name if institution else None)
    report = report_of(draft.report_id, author, details, media, now)
    header = Header(draft.report_id, draft.key_server_url, issued["key_id"], report.created_at)
    return await pack(header, parse_released_key(issued), report, files, progress)
