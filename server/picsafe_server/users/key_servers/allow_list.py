"""Which key servers are available to whom.

The operator permits key servers; an institution allows its members some of those, and chooses one for new reports."""

from __future__ import annotations

from collections.abc import Sequence

from picsafe_protocol.contracts import limits
from picsafe_protocol.contracts.errors import InvalidRequest, KeyServerNotAllowed, KeyServerNotPermitted, LimitExceeded
from picsafe_protocol.format.package import is_keyserver_url
from picsafe_server.settings import Settings
from picsafe_server.users.db.models import Institution, Report


class KeyServers:
    """The rules for choosing and using key servers."""

    def __init__(self, settings: Settings) -> None:
        self.own = settings.keys_base
        """PicSafe's own: everybody may ask it, and keys are made there unless an institution chose another."""
        self.permitted: Sequence[str] = [url for url in settings.allowed_key_servers if url != self.own]
        """The others that the operator permits. Pages may speak to these and to no further one, whatever an institution
        says.
        """

    def allowed(self, institution: Institution | None) -> list[str]:
        """The allow-list of the institution's members, and of its service accounts; all permitted ones for people
        without an institution.
        """
        if institution is None:
            return [self.own, *self.permitted]
        return [self.own, *self.of(institution)]

    def of(self, institution: Institution) -> list[str]:
        """The servers that the institution allows besides PicSafe's own, without those that the operator no longer
        permits.
        """
        return [url for url in institution.key_servers if url in self.permitted]

    def chosen(self, institution: Institution | None) -> str:
        """Where the keys of new reports are to be made, whether the operator still permits it or not."""
        return (institution.key_server if institution else None) or self.own

    def for_new_report(self, institution: Institution | None) -> str:
        """Where the key of a new report of a member is made.

        `KeyServerNotPermitted` when the chosen server is no longer permitted: the keys of an institution that chose its
        own server are never made elsewhere instead.
        """
        url = self.chosen(institution)
        if url not in self.allowed(institution):
            raise KeyServerNotPermitted(
                f"Your institution has its keys made at {url}, which the operator of this PicSafe does not permit any more. Nothing was sent.",
                advice="Tell an administrator of your institution.",
                keyserver_url=url,
            )
        return url

    def of_report(self, report: Report) -> str:
        """Where the report's key is."""
        return report.key_server or self.own

    def checked(self, urls: Sequence[str]) -> list[str]:
        """What an administrator wants allowed, each once. `InvalidRequest` for what is no address,
        `KeyServerNotPermitted` for one that the operator does not permit.
        """
        if len(urls) > limits.KEY_SERVERS:
            raise LimitExceeded(
                f"An institution allows at most {limits.KEY_SERVERS} key servers.",
                limit="key_servers",
                maximum=limits.KEY_SERVERS,
                actual=len(urls),
            )
        wanted = list(dict.fromkeys(url.rstrip("/") for url in urls))
        for url in wanted:
            self.check_permitted(url, "key_servers")
        return [url for url in wanted if url != self.own]

    def check_permitted(self, url: str, field: str) -> None:
        """Raises as `checked`, for one address without a slash at its end."""
        if not is_keyserver_url(url):
            raise InvalidRequest(
                "A key server is named by its https address, such as https://keys.hospital.example/keys.", field=field
            )
        if url != self.own and url not in self.permitted:
            raise KeyServerNotPermitted(
                f"The operator of this PicSafe does not permit the key server {url}.", keyserver_url=url
            )


def refuse_for(addresses: Sequence[str], url: str) -> KeyServerNotAllowed:
    """The error for a report that some recipients could not open because their institution does not allow its key
    server.
    """
    return KeyServerNotAllowed(
        f"Your institution has its keys made at {url}, and the institution of {', '.join(addresses)} does not allow that key server. Nothing was sent.",
        advice="Ask their administrator to allow it, or leave them out.",
        keyserver_url=url,
    )
