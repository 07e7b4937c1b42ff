"""The user server's routes, a controller a domain. They translate between HTTP and the services, and decide nothing."""

from litestar.types import ControllerRouterHandler

from picsafe_server.users.controllers.institution import InstitutionController
from picsafe_server.users.controllers.keys import jwks
from picsafe_server.users.controllers.live import events
from picsafe_server.users.controllers.me import MeController, accept_invitation
from picsafe_server.users.controllers.reports import ReportController, suggest_recipients
from picsafe_server.users.controllers.security import institution_security, my_security
from picsafe_server.users.controllers.sessions import SessionController
from picsafe_server.users.controllers.tokens import make_token

CONTROLLERS: list[ControllerRouterHandler] = [
    SessionController,
    MeController,
    accept_invitation,
    ReportController,
    suggest_recipients,
    events,
    make_token,
    InstitutionController,
    my_security,
    institution_security,
    jwks,
]
