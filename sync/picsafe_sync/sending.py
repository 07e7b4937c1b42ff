"""Send a report: prepare, ask for a key, encrypt here, upload in parts, hand in the receipt (design, "Sending and opening")."""

from __future__ import annotations

import base64
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol

from picsafe_protocol.consent import ConsentRecord
from picsafe_protocol.errors import TokenRefused
from picsafe_protocol.package import Header
from picsafe_protocol.report import Author, Laterality, Patient, Report
from picsafe_protocol.times import utc_text
from picsafe_sync.api import Api
from picsafe_sync.packing import Progress, pack_into
from picsafe_sync.preparing import PreparedMedium


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """What the sender says about the media. `captured_at` has an offset; empty means now."""

    patient: Patient
    body_site: str = ""
    laterality: Laterality | None = None
    notes: str = ""
    consent: tuple[ConsentRecord, ...] = ()
    captured_at: str = ""


class Watcher(Protocol):
    """Is told how far sending has come; for a progress bar."""

    def phase(self, name: str, total: int) -> None:
        """A new phase begins, of `total` bytes."""
        ...

    def advance(self, count: int) -> None:
        """`count` further bytes of the phase are done."""
        ...


async def send(
    api: Api, prepared: Sequence[PreparedMedium], facts: ReportFacts, recipients: Sequence[str], watcher: Watcher
) -> Any:
    """Send the report; the server's description of it. Nothing is visible to anybody until all of it has arrived.

    Raises `UnknownRecipient`, `LimitExceeded`, `Unreachable`, `StorageFull` and the like.
    """
    me = await api.users("GET", "/v1/me")
    created = await api.users("POST", "/v1/reports", {"recipients": list(recipients)}, again=False)
    report_id: str = created["report_id"]
    keyserver = created["keyserver"]
    issued = await api.call("POST", f"{keyserver['url']}/v1/keys", keyserver["grant"], {"report_id": report_id})
    report = _report(report_id, me, prepared, facts)
    header = Header(report_id, keyserver["url"], issued["key_id"], report.created_at)
    with tempfile.TemporaryFile() as file:
        watcher.phase("encrypting", sum(medium.size for medium in report.media))
        size = await pack_into(file, header, _key(issued["key"]), report, prepared, watcher.advance)
        watcher.phase("uploading", size)
        upload = Upload(api, report_id, created["cloud"]["url"], created["cloud"]["grant"])
        receipt = await upload.run(file, size, watcher.advance)
    return await api.users("POST", f"/v1/reports/{report_id}/receipt", {"receipt": receipt})


class Upload:
    """One upload: parts that are there already are not sent again; the grant is renewed when its time is over."""

    def __init__(self, api: Api, report_id: str, cloud_url: str, grant: str) -> None:
        self._api = api
        self._report_id = report_id
        self._url = f"{cloud_url}/v1/uploads/{report_id}"
        self._grant = grant

    async def run(self, file: BinaryIO, size: int, progress: Progress) -> str:
        """Upload `size` bytes of `file`; the cloud's receipt."""
        begun = await self._call("POST", "", json={"size": size})
        part_size, there = begun["part_size"], set(begun["parts"])
        digest = hashlib.sha256()
        file.seek(0)
        for index in range(-(-size // part_size)):
            part = file.read(part_size)
            digest.update(part)
            if index not in there:
                stamp = base64.b64encode(hashlib.sha256(part).digest()).decode()
                headers = {"Content-Digest": f"sha-256=:{stamp}:", "Content-Type": "application/octet-stream"}
                await self._call("PUT", f"/parts/{index}", content=part, headers=headers)
            progress(len(part))
        answer = await self._call("POST", "/complete", json={"sha256": digest.hexdigest()})
        receipt: str = answer["receipt"]
        return receipt

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        try:
            return await self._api.call(method, self._url + path, self._grant, **request)
        except TokenRefused:
            self._grant = (await self._api.report_grant(self._report_id, "package.upload"))["grant"]
            return await self._api.call(method, self._url + path, self._grant, **request)


def _report(report_id: str, me: Any, prepared: Sequence[PreparedMedium], facts: ReportFacts) -> Report:
    institution = me["institution"]
    now = datetime.now(UTC)
    return Report(
        report_id=report_id,
        created_at=utc_text(now),
        captured_at=facts.captured_at or now.astimezone().replace(microsecond=0).isoformat(),
        author=Author(me["name"], me["email"], institution["name"] if institution else None),
        patient=facts.patient,
        media=tuple(item.medium for item in prepared),
        notes=facts.notes,
        body_site=facts.body_site,
        laterality=facts.laterality,
        consent=facts.consent,
    )


def _key(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
