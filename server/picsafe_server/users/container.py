"""The services of the user server, created once per process."""

from __future__ import annotations

from dataclasses import dataclass

from picsafe_protocol.contracts.regions import REGIONS
from picsafe_server.auth.tokens import Signer, Verifier
from picsafe_server.role import RoleContext
from picsafe_server.runtime.database import Database
from picsafe_server.users.accounts.accounts import Accounts
from picsafe_server.users.accounts.authentication import Authentication
from picsafe_server.users.accounts.draft_secrets import DraftSecrets
from picsafe_server.users.accounts.invitations import Invitations
from picsafe_server.users.accounts.known_devices import Devices
from picsafe_server.users.accounts.passwords import Passwords
from picsafe_server.users.accounts.session_checks import SessionChecks
from picsafe_server.users.accounts.sessions import Sessions
from picsafe_server.users.accounts.sign_in_throttle import SignInThrottle
from picsafe_server.users.audit.audit_log import AuditLog
from picsafe_server.users.audit.security_log import SecurityLog
from picsafe_server.users.events.event_log import EventLog
from picsafe_server.users.events.notifier import Notifier
from picsafe_server.users.institutions.members import Members
from picsafe_server.users.institutions.policy import Institutions
from picsafe_server.users.institutions.service_accounts import ServiceAccounts
from picsafe_server.users.key_servers.allow_list import KeyServers
from picsafe_server.users.key_servers.checkpoints import Checkpoints
from picsafe_server.users.key_servers.log_client import LogClient
from picsafe_server.users.recipients.lookup_throttle import LookupThrottle
from picsafe_server.users.reports.drafts import Drafts
from picsafe_server.users.reports.event_stream import EventStreams
from picsafe_server.users.reports.expiry import Expiry
from picsafe_server.users.reports.grants import Grants
from picsafe_server.users.reports.labels import Labels
from picsafe_server.users.reports.lifecycle import Reports
from picsafe_server.users.reports.marks import Marks
from picsafe_server.users.reports.outbox import Outbox
from picsafe_server.users.reports.pagination import Pagination
from picsafe_server.users.reports.views import ReportViews
from picsafe_server.users.reports.withdrawals import Withdrawals


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services that controllers call. Each attribute is also a dependency of the same name."""

    database: Database
    context: RoleContext
    signer: Signer
    authentication: Authentication
    passwords: Passwords
    throttle: SignInThrottle
    security: SecurityLog
    devices: Devices
    draft_secrets: DraftSecrets
    sessions: Sessions
    accounts: Accounts
    invitations: Invitations
    institutions: Institutions
    members: Members
    service_accounts: ServiceAccounts
    administration: AuditLog
    key_servers: KeyServers
    grants: Grants
    look_ups: LookupThrottle
    drafts: Drafts
    reports: Reports
    outbox: Outbox
    labels: Labels
    marks: Marks
    listings: Pagination
    views: ReportViews
    withdrawals: Withdrawals
    expiry: Expiry
    checkpoints: Checkpoints
    live: Notifier
    streams: EventStreams


def build(context: RoleContext, database: Database, signer: Signer) -> Services:
    """All services, on `database`."""
    settings, clock = context.settings, context.clock
    live = Notifier(database)
    changes = EventLog(clock, live.wake)
    security = SecurityLog(database, clock, settings.security_log_days)
    passwords, throttle = Passwords(), SignInThrottle(database, clock, security)
    devices = Devices(database, clock)
    sessions = Sessions(database, clock, changes, passwords, throttle, devices, security)
    administration = AuditLog(database, clock)
    invitations = Invitations(database, clock, passwords, sessions, administration, security)
    look_ups = LookupThrottle(database, clock)
    key_servers = KeyServers(settings)
    grants = Grants(signer, settings, clock, key_servers)
    views = ReportViews(settings, clock, key_servers)
    receipts = Verifier([settings.cloud_base(region) for region in REGIONS], context.http, clock)
    reports = Reports(database, clock, settings, changes, grants, receipts)
    return Services(
        database=database,
        context=context,
        signer=signer,
        authentication=Authentication(sessions, settings),
        passwords=passwords,
        throttle=throttle,
        security=security,
        devices=devices,
        draft_secrets=DraftSecrets(database, clock, signer, security),
        sessions=sessions,
        accounts=Accounts(database, clock, passwords, throttle, sessions, devices, security),
        invitations=invitations,
        institutions=Institutions(database, clock, key_servers, administration),
        members=Members(database, clock, invitations, sessions, administration, security),
        service_accounts=ServiceAccounts(database, clock, changes, administration, security),
        administration=administration,
        key_servers=key_servers,
        grants=grants,
        look_ups=look_ups,
        drafts=Drafts(database, clock, settings, grants, key_servers, look_ups),
        reports=reports,
        outbox=Outbox(database, clock, reports),
        labels=Labels(database, clock),
        marks=Marks(database, clock, changes, views),
        listings=Pagination(database, clock, views),
        views=views,
        withdrawals=Withdrawals(database, clock, changes, grants, context.http),
        expiry=Expiry(database, clock, changes),
        checkpoints=Checkpoints(database, clock, key_servers, administration, LogClient(context.http)),
        live=live,
        streams=EventStreams(database, live, SessionChecks(database, clock), views),
    )
