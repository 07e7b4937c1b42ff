"""What a report must be to count as the requested one, and who sent it according to the servers.

The user server's row of a report states what to expect (`Expectations.of_report`), and the key server's response states
who had the key made (`created_in`). Neither relies on the cloud or the file; `opening.open_report` compares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from picsafe_protocol.contracts.api.keys import CreatedProof
from picsafe_protocol.contracts.api.reports import ReportView
from picsafe_protocol.contracts.errors import DigestMissing, InternalError, NotAsSent
from picsafe_protocol.contracts.limits import PACKAGE_BYTES
from picsafe_protocol.format.package import Header, is_keyserver_url
from picsafe_protocol.format.report import Author
from picsafe_protocol.json import strict_json

__all__ = ["DIGESTS_SINCE", "Created", "Expectations", "Sender", "created_in"]

DIGESTS_SINCE: Final = 2
"""The `v` of `created` entries since which every report has a digest."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a report, as a server knows them that saw them signed in. `id` is the account's; `institution` a name,
    or None.
    """

    id: str
    name: str
    email: str
    institution: str | None = None

    def is_author(self, author: Author) -> bool:
        """Whether a report claims the address of its sender as its author's.

        Names and institutions change; an account is identified by its address. Without an address the two cannot be
        shown to be the same.
        """
        return bool(self.email) and author.email.casefold() == self.email.casefold()


@dataclass(frozen=True, slots=True)
class Created:
    """The access log's entry for the making of a key. `sender` is None when that person was erased from the log."""

    version: int
    sender: Sender | None


@dataclass(frozen=True, slots=True)
class Expectations:
    """The user server's row of a report. `size` is that of the package in bytes; for `digest` see `package_digest`.

    `digest` is None for a report that was sent before there were digests; whether it may be is found out with its key.
    """

    report_id: str
    keyserver_url: str
    size: int
    digest: str | None
    sender: Sender

    @classmethod
    def of_report(cls, report: ReportView) -> Expectations:
        """From a row of the index. Raises `InternalError` for a row that is not valid, and for a report without a
        package.
        """
        if not is_keyserver_url(report.keyserver_url):
            raise _senseless()
        if report.size is None or not 0 < report.size <= PACKAGE_BYTES:
            raise _senseless()
        if report.digest is not None and _DIGEST.fullmatch(report.digest) is None:
            raise _senseless()
        sender = report.sender
        known = Sender(sender.id, sender.name, sender.email, sender.institution)
        return cls(report.id, report.keyserver_url, report.size, report.digest, known)

    def check_created(self, created: Created | None) -> None:
        """Compare with what the log says. Raises `DigestMissing` for a report that must have a digest, `NotAsSent` for
        another sender.
        """
        if self.digest is None and (created is None or created.version >= DIGESTS_SINCE):
            raise DigestMissing
        if created is not None and created.sender is not None and created.sender.id != self.sender.id:
            raise NotAsSent(what="sender")


def created_in(entry: CreatedProof | None, header: Header) -> Created | None:
    """What the `created` entry in a key server's answer for the key of `header` says; None where it has none, being
    older than that.

    Raises `InternalError` for one that is not valid, or is about another key.
    """
    if entry is None:
        return None
    try:
        statement = strict_json.parse(entry.statement.encode())
        told = (statement["event"], statement["key_id"], statement["report_id"])
        version = statement["v"]
    except (KeyError, TypeError, ValueError):
        raise _senseless() from None
    if told != ("created", header.key_id, header.report_id) or type(version) is not int:
        raise _senseless()
    who = entry.sender
    return Created(version, None if who is None else Sender(who.id, who.name, who.email, who.institution_name))


def _senseless() -> InternalError:
    return InternalError("What the server says about this report is not valid.")
