"""Signs requests with a SHA-256 that is known beforehand.

boto3 hashes every body before it sends it. The sender of a part has already declared its SHA-256. A request signed with
that digest lets the bucket compare what arrives with what the sender meant, and nothing in between has to hash the
body.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, Final, cast

from botocore.auth import AUTH_TYPE_MAPS, S3SigV4Auth

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSRequest
    from mypy_boto3_s3 import S3Client

_SIGNER: Final = "picsafe-s3v4"
_OPERATIONS: Final = ("UploadPart", "PutObject")


class _Pieces:
    """The pieces to be sent. From a file, boto3 would read 16 KiB at a time."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def seek(self, offset: int) -> None:
        """boto3 rewinds a body before it sends it a second time: there is nothing to rewind."""


class _Body(io.RawIOBase):
    """A body in memory with the SHA-256 that is declared of it. It is a file because boto3 demands one, but boto3 uses
    only its length: `_in_memory` replaces the file by the pieces before they are sent.
    """

    def __init__(self, pieces: Sequence[bytes], sha256: bytes) -> None:
        super().__init__()
        self.pieces = pieces
        self.sha256 = sha256

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


class _DeclaredSigner(S3SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        body: object = request.body
        return body.sha256.hex() if isinstance(body, _Body) else super().payload(request)


AUTH_TYPE_MAPS[_SIGNER] = _DeclaredSigner


def declared(pieces: Sequence[bytes], sha256: bytes) -> IO[bytes]:
    """A `Body` for a client that `sign_as_declared` has seen; the bucket refuses it when `pieces` have another
    SHA-256.
    """
    return cast("IO[bytes]", _Body(pieces, sha256))


def sign_as_declared(client: S3Client) -> None:
    """Let the client sign bodies that are `declared` with their SHA-256, and send every body as it is in memory."""
    for operation in _OPERATIONS:
        client.meta.events.register(f"choose-signer.s3.{operation}", _signer)
        client.meta.events.register(f"before-send.s3.{operation}", _in_memory)


def _signer(**_: object) -> Any:  # the stubs know no handlers that answer
    return _SIGNER


def _in_memory(request: AWSPreparedRequest, **_: object) -> None:
    """Replaces the file that boto3 makes from memory."""
    body: Any = request.body
    if isinstance(body, _Body):
        request.body = cast("Any", _Pieces(body.pieces))
    elif isinstance(body, io.BytesIO):
        request.body = body.getvalue()
