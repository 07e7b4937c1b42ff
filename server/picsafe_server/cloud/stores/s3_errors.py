"""Maps errors of S3, and of the connection to it, to those of the stores."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from picsafe_protocol.contracts.errors import ServiceError, StorageFull

NOTHING_THERE = frozenset({"NoSuchKey", "NoSuchUpload", "NoSuchLifecycleConfiguration", "404"})
"""One S3 says NoSuchUpload of an upload that is over, another NoSuchKey; an answer to HEAD has no code but its
status.
"""
EXISTS = frozenset({"PreconditionFailed", "412"})
_NO_ROOM = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"})

_log = logging.getLogger("picsafe.cloud.s3")


class NothingThere(Exception):
    """No such object or upload."""


class AlreadyThere(Exception):
    """A conditional write found an object of that name."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """`NothingThere`, `AlreadyThere`, `StorageFull` for what a caller acts on; `ServiceError`, and a line in the log,
    for the rest.
    """
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in NOTHING_THERE:
            raise NothingThere(code) from error
        if code in EXISTS:
            raise AlreadyThere(code) from error
        _log.error("%s was refused: %s", error.operation_name, code)
        if code in _NO_ROOM:
            raise StorageFull from error
        raise ServiceError("The storage of this region does not work as it should.") from error
    except BotoCoreError as error:
        _log.error("no answer: %s", type(error).__name__)
        raise ServiceError("The storage of this region cannot be reached.") from error
