"""The services of the key server that its routes use."""

from __future__ import annotations

from dataclasses import dataclass

from picsafe_server.keys.log.checkpoint import Checkpointer
from picsafe_server.keys.operations.callers import TokenAuthenticator
from picsafe_server.keys.operations.key_request_quota import KeyRequestQuota
from picsafe_server.keys.operations.public_proofs import PublicLog
from picsafe_server.keys.transactions.appender import Appender
from picsafe_server.keys.vault.wrapping import KeyWrapper
from picsafe_server.runtime.clock import Clock
from picsafe_server.runtime.database import Database


@dataclass(kw_only=True)
class Services:
    """Created once per process by the role."""

    clock: Clock
    report_days: int
    """How long a report can be opened, in days."""
    database: Database
    callers: TokenAuthenticator
    wrapper: KeyWrapper
    checkpointer: Checkpointer
    allowance: KeyRequestQuota
    appender: Appender
    public_log: PublicLog
