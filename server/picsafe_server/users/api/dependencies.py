"""Dependencies injected into handlers."""

from __future__ import annotations

from litestar.di import NamedDependency

from picsafe_server.users.container import Services
from picsafe_server.users.principal import Principal
from picsafe_server.users.reports.outbox import Parcel

Caller = NamedDependency[Principal]
"""Who is calling; the route's guard has let them in."""

OutboxParcel = NamedDependency[Parcel]
"""What the token of the caller stands for; the route's guard has let them in."""

ServicesDependency = NamedDependency[Services]
"""The parts of the user server."""
