"""What has arrived at somebody, fetched and decrypted outside of any browser: the browser's work is checked by CPython's."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

import httpx

import picsafe_media as media
from harness.clinic import Clinic, Person
from harness.plain_http import UNUSED_TLS
from picsafe_protocol.format.package import Header, read_package_bytes, unpack
from picsafe_protocol.format.payload import read_payload_bytes
from picsafe_protocol.format.report import Report


@dataclass(frozen=True)
class Parcel:
    """A report that has arrived, and what is in it. `files` are its media in order."""

    id: str
    package: bytes
    header: Header
    report: Report
    members: dict[str, bytes]

    @property
    def files(self) -> list[bytes]:
        """The media in order."""
        return [self.members[each.path] for each in self.report.media]


def inbox(clinic: Clinic, person: Person) -> list[str]:
    """The reports that somebody has received, newest first."""
    with clinic.client_of(person) as http:
        answer = http.get("/users/v1/reports?box=inbox")
        answer.raise_for_status()
        return [each["id"] for each in answer.json()["reports"]]


def opened(clinic: Clinic, person: Person, report_id: str) -> Parcel:
    """One of them: downloaded, its key asked for, decrypted, and everything in it checked."""
    with clinic.client_of(person) as http:
        package = _download(http, report_id)
        header = _header(package)
        asked = http.post("/users/v1/tokens", json={"audience": header.keyserver_url})
        token = {"Authorization": f"Bearer {asked.json()['token']}"}
        url = f"{header.keyserver_url}/v1/keys/{header.key_id}/release"
        answer = httpx.post(url, json={"report_id": report_id}, headers=token, timeout=60, verify=UNUSED_TLS)
        answer.raise_for_status()
    payload = unpack(package, base64.urlsafe_b64decode(answer.json()["key"] + "="))
    report, members = read_payload_bytes(payload, report_id)
    for facts in report.files():
        assert hashlib.sha256(members[facts.path]).hexdigest() == facts.sha256
    return Parcel(report_id, package, header, report, members)


def newest(clinic: Clinic, person: Person) -> Parcel:
    """The newest report in somebody's inbox."""
    return opened(clinic, person, inbox(clinic, person)[0])


def _download(http: httpx.Client, report_id: str) -> bytes:
    asked = http.post(f"/users/v1/reports/{report_id}/grants", json={"action": "package.download"})
    asked.raise_for_status()
    place = asked.json()
    url = f"{place['url']}/v1/packages/{report_id}"
    answer = httpx.get(url, headers={"Authorization": f"Bearer {place['grant']}"}, timeout=60, verify=UNUSED_TLS)
    answer.raise_for_status()
    return answer.content


def _header(package: bytes) -> Header:
    return read_package_bytes(package).header


def cleaned(path: Path) -> bytes:
    """What may leave of a file, as CPython reckons."""
    with path.open("rb") as file:
        return b"".join(media.cleaned_chunks(file, media.clean_file(file)))
