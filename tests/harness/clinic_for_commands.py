"""A PicSafe on a real port, for real processes: the clinic of the end-to-end tests without a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.clinic import Clinic, Person, running_clinic
from harness.command_line import CLIP, PHOTO
from harness.report_factory import MadeFile, MadeReport
from picsafe_protocol.contracts.tokens import Role
from picsafe_server.users import provisioning

TESTS = Path(__file__).resolve().parents[1]
PICSAFE = Path(sys.executable).with_name("picsafe")


@dataclass
class Ward:
    """The clinic, two clinicians in it, and its service account."""

    clinic: Clinic
    institution: str
    ana: Person
    ben: Person
    service_token: str
    sent: list[MadeReport] = field(default_factory=list)

    def environment(self, token: str | None = None) -> dict[str, str]:
        """What a process needs to act as the service account, or as the owner of `token`."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("PICSAFE_")}
        return {
            **mine,
            "PICSAFE_URL": self.clinic.url,
            "PICSAFE_TOKEN": token or self.service_token,
            "PYTHONPATH": str(TESTS),
        }

    def token_of(self, person: Person) -> str:
        """A session of somebody."""
        with self.clinic.client_of(person) as http:
            return http.headers["Authorization"].removeprefix("Bearer ")

    def send(self, *files: MadeFile, **more: Any) -> MadeReport:
        """A report from one of them to the other."""
        made = self.clinic.send(self.ana, [self.ben], files or [PHOTO, CLIP], **more)
        self.sent.append(made)
        return made

    def withdraw_all(self) -> None:
        """No report is there any more."""
        with self.clinic.client_of(self.ana) as http:
            for made in self.sent:
                http.delete(f"/users/v1/reports/{made.report.report_id}")
        self.sent.clear()


@contextmanager
def running_ward(folder: Path) -> Iterator[Ward]:
    """A ward until the end of the block."""
    with running_clinic(folder, roles=("users", "cloud", "keys"), regions=("au", "de")) as clinic:
        institution = clinic.institution("Harbour Clinic")
        ana = clinic.person("Ana Reyes", "ana@clinic.example", "AU", institution, Role.MEMBER)
        ben = clinic.person("Ben Vogel", "ben@clinic.example", "DE", institution, Role.MEMBER)
        token = clinic.within(provisioning.create_service_account(clinic._users, "Record system", institution))
        yield Ward(clinic, institution, ana, ben, token)


def picsafe(
    *arguments: str | Path, environment: Mapping[str, str], timeout: float = 120, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command as anybody would."""
    return subprocess.run(
        [PICSAFE, *map(str, arguments)],
        env=dict(environment), capture_output=True, text=True, timeout=timeout, check=False, **more,
    )  # fmt: skip
