"""Additions to the OpenAPI document that types cannot express: security schemes, and bodies of raw bytes.

Generated clients rely on them: a part of an upload has a body, and a download returns bytes, possibly a range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from litestar.openapi.spec import (
    Components,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec.enums import OpenAPIFormat

from picsafe_protocol.contracts import limits

_BYTES: Final = "application/octet-stream"
_TEXT: Final = Schema(type=OpenAPIType.STRING)
_BINARY: Final = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)

SCHEMES: Final = Components(
    security_schemes={
        "session": SecurityScheme(
            type="http",
            scheme="bearer",
            description="The token of a session, for programs that a person signed in: `POST /users/v1/sessions` with `transport: token`.",
        ),
        "cookie": SecurityScheme(
            type="apiKey",
            name="__Host-picsafe-session",
            security_scheme_in="cookie",
            description="The session of a browser. What changes something must come from My PicSafe's own origin.",
        ),
        "service": SecurityScheme(
            type="http", scheme="bearer", description="The token of a service account, `picsafe_st_…`."
        ),
        "outbox": SecurityScheme(
            type="http",
            scheme="bearer",
            description="The token of `POST /users/v1/reports/{report_id}/outbox`, `picsafe_ob_…`: it delivers one declared package, and nothing else.",
        ),
        "grant": SecurityScheme(
            type="http",
            scheme="bearer",
            bearer_format="JWT",
            description=f"A grant of the user server for one action on one report; it ends after {limits.GRANT_SECONDS} seconds.",
        ),
        "user_token": SecurityScheme(
            type="http",
            scheme="bearer",
            bearer_format="JWT",
            description=f"A user token for this key server, of `POST /users/v1/tokens`; it ends after {limits.USER_TOKEN_SECONDS} seconds.",
        ),
    }
)


def _header(description: str) -> OpenAPIHeader:
    return OpenAPIHeader(schema=_TEXT, description=description)


def _header_parameter(name: str, description: str, *, required: bool = False) -> Parameter:
    return Parameter(name=name, param_in="header", description=description, required=required, schema=_TEXT)


@dataclass
class PartUpload(Operation):
    """Takes raw bytes and their digest."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            required=True,
            description="The part's bytes.",
            content={_BYTES: OpenAPIMediaType(schema=_BINARY)},
        )
        digest = _header_parameter("Content-Digest", "`sha-256=:<base64>:` of the part (RFC 9530)", required=True)
        self.parameters = [*(self.parameters or []), digest]


@dataclass
class Resumable(Operation):
    """Answers 200 with the same fields as 201 when there was something already."""

    def __post_init__(self) -> None:
        self.responses = self.responses or {}
        self.responses["200"] = self.responses["201"]


@dataclass
class BytesAnswer(Operation):
    """Answers bytes."""

    def __post_init__(self) -> None:
        self.responses = {**(self.responses or {}), "200": _bytes_response("All of it.", {})}


@dataclass
class TextAnswer(Operation):
    """Answers text that is no JSON."""

    def __post_init__(self) -> None:
        for media_type in _content_of(self):
            _content_of(self)[media_type] = OpenAPIMediaType(schema=_TEXT)


@dataclass
class PackageDownload(Operation):
    """Answers a package, whole or a range of it."""

    def __post_init__(self) -> None:
        always = {
            "Accept-Ranges": _header("`bytes`"),
            "ETag": _header("the SHA-256 of the whole package in hex, in quotation marks"),
            "Content-Length": _header("bytes of this answer"),
        }
        part = {**always, "Content-Range": _header("`bytes first-last/size of the whole`")}
        whole, some = _bytes_response("The whole package.", always), _bytes_response("The range.", part)
        self.responses = {**(self.responses or {}), "200": whole, "206": some}
        self.parameters = [
            *(self.parameters or []),
            _header_parameter("Range", "one range: `bytes=first-last`, `bytes=first-` or `bytes=-last`"),
            _header_parameter("If-Range", "the `ETag` that the range is of; the whole is answered when it is another"),
        ]


def _bytes_response(description: str, headers: dict[str, OpenAPIHeader]) -> OpenAPIResponse:
    return OpenAPIResponse(
        description=description, content={_BYTES: OpenAPIMediaType(schema=_BINARY)}, headers={**headers} or None
    )


def _content_of(operation: Operation) -> dict[str, OpenAPIMediaType]:
    response = (operation.responses or {})["200"]
    if isinstance(response, Reference) or response.content is None:
        raise TypeError(f"{operation.summary} answers nothing")
    return response.content
