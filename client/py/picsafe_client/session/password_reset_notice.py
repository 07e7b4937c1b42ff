"""The notice that somebody reset one's password. It stays over every screen until dismissed, since it may be the only
sign of a takeover.
"""

from __future__ import annotations

from typing import Any

from picsafe_client.api import account
from picsafe_client.api.client import Api
from picsafe_client.i18n.texts import moment, t
from picsafe_client.session.models import Person
from picsafe_client.ui import dom, notices

PLACE = "standing"


def show(api: Api, me: Person) -> None:
    """Shows it to a person whose password was reset, and to nobody else."""
    place = dom.by_id(PLACE)
    dom.replace_children(place)
    reset = me.password_reset
    if reset is None:
        return

    async def put_away(_event: Any) -> None:
        await account.dismiss_password_reset(api)
        dom.replace_children(place)

    who = reset.by or t("reset.operator")
    if reset.by and reset.email:  # a name is what somebody calls themselves at the moment; an address is not
        who = t("reset.person", name=reset.by, email=reset.email, institution=reset.institution or "")
    title = t("reset.title", name=who, moment=moment(reset.at))
    dom.append(
        place,
        notices.notice("amber", title, t("reset.not_you"), t("reset.older"), actions=[(t("reset.seen"), put_away)]),
    )


def clear() -> None:
    """Nobody is signed in any more."""
    dom.replace_children(dom.by_id(PLACE))
