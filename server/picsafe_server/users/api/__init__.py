"""HTTP routes of the user server, one controller per domain. They translate between HTTP and the services, and decide
nothing.
"""

from litestar.types import ControllerRouterHandler

from picsafe_server.users.api.events import events
from picsafe_server.users.api.institution import InstitutionController
from picsafe_server.users.api.jwks import jwks
from picsafe_server.users.api.me import MeController, accept_invitation, look_at_invitation
from picsafe_server.users.api.outbox import OutboxController
from picsafe_server.users.api.reports import ReportController, suggest_recipients
from picsafe_server.users.api.sealed_drafts import SealedDraftController
from picsafe_server.users.api.security_log import institution_security, my_security
from picsafe_server.users.api.sessions import SessionController
from picsafe_server.users.api.tokens import make_token

CONTROLLERS: list[ControllerRouterHandler] = [
    SessionController,
    MeController,
    accept_invitation,
    look_at_invitation,
    SealedDraftController,
    ReportController,
    OutboxController,
    suggest_recipients,
    events,
    make_token,
    InstitutionController,
    my_security,
    institution_security,
    jwks,
]
