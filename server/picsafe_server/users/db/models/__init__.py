"""The user server's database: people and machines, and the index of reports. No patient data anywhere."""

from picsafe_server.runtime.key_fingerprints import known_keys_table
from picsafe_server.users.db.models.accounts import (
    PART_CHARACTERS,
    Account,
    AccountPart,
    Correspondence,
    DraftSecret,
    Invitation,
    KnownDevice,
    LookupWindow,
    SignedInSession,
    SignInFailures,
)
from picsafe_server.users.db.models.base import Base
from picsafe_server.users.db.models.changes import ChangeCounter, ChangeEvent, MailboxEntry
from picsafe_server.users.db.models.institutions import (
    AdministrativeAct,
    Institution,
    InstitutionDomain,
    SecurityLine,
    ServiceAccount,
)
from picsafe_server.users.db.models.key_servers import KeyServerLog
from picsafe_server.users.db.models.reports import (
    AVAILABLE,
    DRAFT,
    EXPIRED,
    WITHDRAWN,
    OutboxToken,
    Report,
    ReportInstitution,
    ReportLabel,
    ReportMark,
    ReportOpened,
    ReportRecipient,
    WithdrawalCall,
)

known_keys = known_keys_table(Base.metadata)

__all__ = [
    "AVAILABLE",
    "DRAFT",
    "EXPIRED",
    "PART_CHARACTERS",
    "WITHDRAWN",
    "Account",
    "AccountPart",
    "AdministrativeAct",
    "Base",
    "ChangeCounter",
    "ChangeEvent",
    "Correspondence",
    "DraftSecret",
    "Institution",
    "InstitutionDomain",
    "Invitation",
    "KeyServerLog",
    "KnownDevice",
    "LookupWindow",
    "MailboxEntry",
    "OutboxToken",
    "Report",
    "ReportInstitution",
    "ReportLabel",
    "ReportMark",
    "ReportOpened",
    "ReportRecipient",
    "SecurityLine",
    "ServiceAccount",
    "SignInFailures",
    "SignedInSession",
    "WithdrawalCall",
    "known_keys",
]
