"""Every error of PicSafe, in one tree.

::

    PicSafeError
    ├── FormatError                the bytes are not what the format demands
    │   ├── InvalidPackage         not a `.picsafe` file, or one that breaks a rule of the container (`rule`)
    │   ├── UnsupportedVersion     a version or cipher this program does not know
    │   ├── PayloadRuleBroken      the decrypted zip breaks a rule (`rule`)
    │   ├── ReportInvalid          `report.json` does not follow its schema (`path`)
    │   └── PictureRefused         a picture is larger than is decoded, or not as `report.json` says (`path`, `rule`)
    ├── DecryptionError            the bytes are not what the sender encrypted
    │   ├── InvalidKey             a key of the wrong length
    │   ├── WrongKey               the commitment does not match: another key, or a changed header
    │   ├── Truncated              the message ends too early
    │   ├── Tampered               a chunk does not authenticate
    │   └── DigestMismatch         a medium is not the one `report.json` describes
    ├── NotAsSent                  what arrived is not what the index says was sent (`what`)
    │   ├── ReportMismatch         a cloud answered with another report than the one that was asked for
    │   └── DigestMissing          nothing says what a report should be that is too new for that
    ├── ProofInvalid               the access log's proof does not hold: the log may have been changed
    ├── LimitExceeded              larger, longer or more than a named limit allows (`limit`, `actual`)
    ├── InvalidRequest             the request is not valid (`field`)
    │   ├── DomainNotApproved      an address outside the mail domains of the institution (`domain`, `domains`)
    │   ├── UnknownRecipient       no account has this address
    │   ├── MethodNotAllowed       the address does not take this HTTP method
    │   ├── RangeNotSatisfiable    bytes were asked for that lie past the end (`size`)
    │   ├── EmptyMedium            a photo, video or sound of 0 bytes
    │   └── UnsupportedMedium      not a kind of file that PicSafe carries
    ├── AccessError                the caller may not do this
    │   ├── NotSignedIn            no session, or a wrong, expired or revoked one
    │   ├── WrongPassword          the address and the password do not belong together
    │   ├── TokenRefused           a grant or user token that does not fit this server, action or time
    │   ├── NotPermitted           known, but not allowed
    │   ├── ReportPredatesAccess   sent before this account was made, or its password reset
    │   ├── KeyServerNotAllowed    the key server is not on the allow-list
    │   └── KeyServerNotPermitted  an institution may not choose this key server: the operator does not permit it
    ├── NotFound                   no such report, key or upload, or not for you
    ├── Gone                       it existed, and has expired or was withdrawn
    │   ├── ReportExpired          kept its days, then deleted
    │   ├── KeyDestroyed           the key was destroyed with the report
    │   └── KeyRevoked             the sender, or the institution, took it back
    ├── Conflict                   contradicts what is already there
    │   ├── UploadIncomplete       bytes are missing
    │   ├── UploadMismatch         size or SHA-256 is not what was declared
    │   ├── ChangedMeanwhile       it is no longer as the caller believes it to be
    │   ├── LastAdministrator      an institution would be left without anybody who can run it
    │   └── CursorUnknown          the server has not counted as far as a cursor says: it was restored from an older copy
    └── ServiceError               not the caller's fault; trying again may help (`retry_after` seconds, when it says so)
        ├── Unreachable            no connection, or it broke
        ├── Intercepted            something on the way answered in the server's place: a guest network, a proxy, a scanner
        ├── RequestTimedOut        the request did not arrive at the server in time
        ├── TooManyRequests        slow down
        ├── StorageFull            the server or this machine has no room left
        ├── LogUnavailable         the access log cannot be written, so no key is given
        └── InternalError          a failure nobody foresaw; details are in the server's log

Each error carries a `code` for programs, a sentence for people saying what is wrong (`str(error)`), and `advice`: what
to do about it. None ever contains patient data. Over HTTP they travel as RFC 9457 problem details, see `to_problem` and
`from_problem`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = [
    "AccessError",
    "ChangedMeanwhile",
    "Conflict",
    "CursorUnknown",
    "DecryptionError",
    "DigestMismatch",
    "DigestMissing",
    "DomainNotApproved",
    "EmptyMedium",
    "FormatError",
    "Gone",
    "Intercepted",
    "InternalError",
    "InvalidKey",
    "InvalidPackage",
    "InvalidRequest",
    "KeyDestroyed",
    "KeyRevoked",
    "KeyServerNotAllowed",
    "KeyServerNotPermitted",
    "LastAdministrator",
    "LimitExceeded",
    "LogUnavailable",
    "MethodNotAllowed",
    "NotAsSent",
    "NotFound",
    "NotPermitted",
    "NotSignedIn",
    "PayloadRuleBroken",
    "PicSafeError",
    "PictureRefused",
    "ProofInvalid",
    "RangeNotSatisfiable",
    "ReportExpired",
    "ReportInvalid",
    "ReportMismatch",
    "ReportPredatesAccess",
    "RequestTimedOut",
    "ServiceError",
    "StorageFull",
    "Tampered",
    "TokenRefused",
    "TooManyRequests",
    "Truncated",
    "UnknownRecipient",
    "Unreachable",
    "UnsupportedMedium",
    "UnsupportedVersion",
    "UploadIncomplete",
    "UploadMismatch",
    "WrongKey",
    "WrongPassword",
]


class PicSafeError(Exception):
    """The root. `status` is the HTTP status that the error travels under; `extra` names the attributes that
    travel too.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    default_advice: ClassVar[str] = "Try again. If it happens again, tell your administrator."
    extra: ClassVar[tuple[str, ...]] = ()

    def __init__(self, message: str | None = None, *, advice: str | None = None, **details: Any) -> None:
        unknown = set(details) - set(self.extra)
        if unknown:
            raise TypeError(f"{type(self).__name__} takes no {sorted(unknown)}")
        super().__init__(message or self.title + ".")
        self.advice = advice or self.default_advice
        self.details: dict[str, Any] = details

    def __getattr__(self, name: str) -> Any:
        if name in type(self).extra:
            return self.__dict__.get("details", {}).get(name)
        raise AttributeError(name)

    def to_problem(self) -> dict[str, Any]:
        """RFC 9457 problem details of this error."""
        return {
            "type": f"urn:picsafe:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            "code": self.code,
            "advice": self.advice,
            **self.details,
        }


class FormatError(PicSafeError):
    code, status, title = "format", 422, "This is not a file that PicSafe can read"
    default_advice = "Ask the sender to send the report again."


class InvalidPackage(FormatError):
    code, title = "package_rule", "This is not a PicSafe file"
    default_advice = (
        "Check that you chose a .picsafe file and that it was saved completely, or ask the sender to send it again."
    )
    extra: ClassVar[tuple[str, ...]] = ("rule",)


class UnsupportedVersion(FormatError):
    code, title = "unsupported_version", "This file was made by a newer PicSafe"
    default_advice = "Update PicSafe, then open the file again."
    extra: ClassVar[tuple[str, ...]] = ("version",)


class PayloadRuleBroken(FormatError):
    code, title = "payload_rule", "The contents of this report are not well formed"
    extra: ClassVar[tuple[str, ...]] = ("rule",)


class ReportInvalid(FormatError):
    code, title = "report_invalid", "The description inside this report is not valid"
    extra: ClassVar[tuple[str, ...]] = ("path",)


class PictureRefused(FormatError):
    """`rule`: "pixels" or "frames" beyond the limits, "other_size" or another "kind" than `report.json` says, or
    "no_size".
    """

    code, title = (
        "picture_refused",
        "A picture in this report is larger than PicSafe decodes, or not the one that is described",
    )
    default_advice = (
        "Save the file and open it with a program that can handle it, or ask the sender to send another one."
    )
    extra: ClassVar[tuple[str, ...]] = ("path", "rule")


class DecryptionError(PicSafeError):
    code, status, title = "decryption", 422, "This report could not be decrypted"
    default_advice = (
        "Try again: something on the way may have changed what arrived. If it stays so, tell your administrator."
    )


class InvalidKey(DecryptionError):
    code, title = "invalid_key", "The key has the wrong length"


class WrongKey(DecryptionError):
    code, title = "wrong_key", "The key does not belong to this file, or the file's header was changed"


class Truncated(DecryptionError):
    code, title = "truncated", "The file ends too early"
    default_advice = "Download or copy it again; the end is missing."


class Tampered(DecryptionError):
    code, title = "tampered", "What arrived is not what was sent: it was damaged or changed after it was encrypted"


class DigestMismatch(DecryptionError):
    code, title = "digest_mismatch", "A file in the report is not the one that the sender described"
    extra: ClassVar[tuple[str, ...]] = ("path",)


class NotAsSent(PicSafeError):
    """`what` differs, one word for a program: "key_server", "size", "digest", "list", "piece", "sender" or "file".

    The sentence and the advice follow from `what` where none are given.
    """

    code, status, title = "not_as_sent", 422, "What arrived is not what was sent"
    default_advice = (
        "Nothing of it was shown. Try again later, or over another network: something between you and the cloud may have "
        "changed it. If it happens again, tell your administrator."
    )
    extra: ClassVar[tuple[str, ...]] = ("what",)
    said: ClassVar[Mapping[str, tuple[str, str]]] = {
        "key_server": (
            "This file names another key server than the one that the report was sent with.",
            (
                "Nothing of it was shown. Try again later, or over another network: the cloud, or something between you and "
                "it, may have answered with another file. If it happens again, tell your administrator."
            ),
        ),
        "size": ("What arrived has another size than what was sent.", default_advice),
        "digest": ("What arrived is not what was sent.", default_advice),
        "list": ("The list of checksums that arrived is not that of the report that was sent.", default_advice),
        "piece": ("A part of what arrived is not what was sent.", default_advice),
        "sender": (
            "The key server names another sender than the list of reports does.",
            (
                "Nothing of it was shown. Do not rely on this report. Ask the sender whether it is theirs, and tell your "
                "administrator."
            ),
        ),
        "file": (
            "This file is not the report that was sent: somebody else made or changed it, or it is damaged.",
            (
                "Do not rely on it. Open the report from the inbox instead, and tell your administrator where the file came "
                "from."
            ),
        ),
    }

    def __init__(self, message: str | None = None, *, advice: str | None = None, **details: Any) -> None:
        sentence, own_advice = self.said.get(str(details.get("what")), (None, None))
        super().__init__(message or sentence, advice=advice or own_advice, **details)


class ReportMismatch(NotAsSent):
    code, title = "another_report", "This is another report than the one that was asked for"
    default_advice = (
        "Try again: something on the way may have answered with another file. If it stays so, tell your administrator."
    )


class DigestMissing(NotAsSent):
    code, title = "digest_missing", "Nothing tells whether this is the report that was sent"
    default_advice = (
        "Nothing of it was shown. Ask the sender to send it again, and tell your administrator: the user server or the key "
        "server may be older than the rest."
    )


class ProofInvalid(PicSafeError):
    code, status, title = "proof_invalid", 422, "The proof of the access log does not hold"
    default_advice = "Do not rely on this log entry; tell your administrator and the operator of the key server."


class LimitExceeded(PicSafeError):
    code, status, title = "limit_exceeded", 413, "This is more than PicSafe accepts"
    default_advice = "Send less at a time, for example in two reports."
    extra: ClassVar[tuple[str, ...]] = ("limit", "maximum", "actual")


class InvalidRequest(PicSafeError):
    code, status, title = "invalid_request", 400, "The request is not valid"
    default_advice = "Correct what is named and try again."
    extra: ClassVar[tuple[str, ...]] = ("field",)


class DomainNotApproved(InvalidRequest):
    code, title = "domain_not_approved", "This address is outside the mail domains of the institution"
    default_advice = "Use the address that the person has at the institution. If it has another domain, ask the operator of PicSafe to add it."
    extra: ClassVar[tuple[str, ...]] = ("field", "domain", "domains")


class UnknownRecipient(InvalidRequest):
    code, title = "unknown_recipient", "Nobody with this address uses PicSafe"
    default_advice = "Check the spelling, or ask your administrator to invite them. Nothing was sent."
    extra: ClassVar[tuple[str, ...]] = ("field", "recipients")


class MethodNotAllowed(InvalidRequest):
    code, status, title = "method_not_allowed", 405, "This address does not take this method"


class RangeNotSatisfiable(InvalidRequest):
    code, status, title = "range_not_satisfiable", 416, "The range lies outside of what is there"
    extra: ClassVar[tuple[str, ...]] = ("field", "size")


class EmptyMedium(InvalidRequest):
    code, status, title = "empty_medium", 422, "A file is empty"
    default_advice = "Take or choose it again; nothing was sent."
    extra: ClassVar[tuple[str, ...]] = ("name",)


class UnsupportedMedium(InvalidRequest):
    """`kind`: what it is instead, one word for a program ("pdf"), or "damaged"; missing where nobody can tell."""

    code, status, title = "unsupported_medium", 422, "PicSafe does not support this kind of file"
    default_advice = "Choose a photo, a video or a sound recording; nothing was sent."
    extra: ClassVar[tuple[str, ...]] = ("name", "kind")


class AccessError(PicSafeError):
    code, status, title = "access", 403, "You may not do this"
    default_advice = "Ask the sender or your administrator."


class NotSignedIn(AccessError):
    code, status, title = "not_signed_in", 401, "You are signed out"
    default_advice = "Sign in and try again."


class WrongPassword(AccessError):
    code, status, title = "wrong_password", 401, "The e-mail address or the password is wrong"
    default_advice = (
        "Check both and try again. If you forgot the password, ask your administrator for a new invitation."
    )


class TokenRefused(AccessError):
    code, status, title = "token_refused", 401, "The server does not accept this token"
    default_advice = "Try again: a new one is fetched. If it happens again, the clocks of the servers may differ; tell your administrator."
    extra: ClassVar[tuple[str, ...]] = ("reason",)


class NotPermitted(AccessError):
    code, title = "not_permitted", "You are not allowed to do this"


class ReportPredatesAccess(AccessError):
    code, title = "sent_before", "This report was sent before this account may open reports"
    default_advice = "Ask the sender to send it again. Other recipients can still open it."


class KeyServerNotAllowed(AccessError):
    code, title = (
        "key_server_not_allowed",
        "The key server that this file names is not one that your institution trusts",
    )
    default_advice = (
        "Do not trust this file unless you know where it comes from; ask your administrator to allow its key server."
    )
    extra: ClassVar[tuple[str, ...]] = ("keyserver_url",)


class KeyServerNotPermitted(AccessError):
    code, title = "key_server_not_permitted", "The operator of this PicSafe does not permit this key server"
    default_advice = "Ask the operator of this PicSafe to permit it."
    extra: ClassVar[tuple[str, ...]] = ("keyserver_url",)


class NotFound(PicSafeError):
    code, status, title = "not_found", 404, "There is no such thing here, or it is not for you"
    default_advice = "Check the link. If a colleague sent it, ask them to make you a recipient."


class Gone(PicSafeError):
    code, status, title = "gone", 410, "This is no longer available"
    default_advice = "Ask the sender to send it again."


class ReportExpired(Gone):
    code, title = "report_expired", "The time of this report is over, and it has been deleted"


class KeyDestroyed(Gone):
    code, title = "key_destroyed", "The key of this report has been destroyed, so nobody can open it any more"


class KeyRevoked(Gone):
    code, title = "key_revoked", "The sender has withdrawn this report"


class Conflict(PicSafeError):
    code, status, title = "conflict", 409, "This contradicts what is already there"


class UploadIncomplete(Conflict):
    code, title = "upload_incomplete", "Parts of the upload are missing"
    default_advice = "Send the missing parts, then complete it again."
    extra: ClassVar[tuple[str, ...]] = ("missing",)


class UploadMismatch(Conflict):
    code, title = "upload_mismatch", "What arrived is not what was declared"
    default_advice = "Send the report again; nothing became visible."


class ChangedMeanwhile(Conflict):
    code, status, title = "changed_meanwhile", 412, "It has been changed since it was read"
    default_advice = "Read it again, and decide by what it is now."


class LastAdministrator(Conflict):
    code, title = (
        "last_administrator",
        "The last administrator of an institution cannot be demoted, disabled or removed",
    )
    default_advice = "Make somebody else an administrator first."


class CursorUnknown(Conflict):
    code, title = "cursor_unknown", "The server does not know this cursor: it was restored from an older copy of itself"
    default_advice = "Begin again without a cursor; whatever is stored already can be left out."


class ServiceError(PicSafeError):
    code, status, title = "service", 503, "A PicSafe server cannot answer at the moment"
    default_advice = "Wait a moment and try again."
    extra: ClassVar[tuple[str, ...]] = ("retry_after",)


class Unreachable(ServiceError):
    code, title = "unreachable", "The server cannot be reached"
    default_advice = "Check the network and try again; what was already transferred is kept."


class Intercepted(ServiceError):
    """Raised by clients only, never by a server."""

    code, title = "intercepted", "Something between this computer and PicSafe answered in its place"
    default_advice = (
        "A guest network may want you to sign in first: open a page in a browser. Otherwise a proxy or a virus scanner "
        "may be in the way, or the address is wrong; ask who runs the network."
    )


class RequestTimedOut(ServiceError):
    code, status, title = "request_timed_out", 408, "The request took too long to arrive"
    default_advice = "Nothing was changed. Check the network connection, then try again."


class TooManyRequests(ServiceError):
    code, status, title = "too_many_requests", 429, "Too many attempts"


class StorageFull(ServiceError):
    code, status, title = "storage_full", 507, "There is no room left to store this"
    default_advice = "Nothing was half-written. Free some space, or tell your administrator, then try again."


class LogUnavailable(ServiceError):
    code, title = "log_unavailable", "The access log cannot be written, so no key is given out"
    default_advice = "Try again in a few minutes, and tell your administrator."


class InternalError(ServiceError):
    code, status, title = "unexpected", 500, "Something went wrong on the server"
    extra: ClassVar[tuple[str, ...]] = ("incident", "retry_after")


def _tree(root: type[PicSafeError]) -> dict[str, type[PicSafeError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        found |= _tree(child)
    return found


BY_CODE: Mapping[str, type[PicSafeError]] = _tree(PicSafeError)


def from_problem(problem: Mapping[str, Any], status: int = 500) -> PicSafeError:
    """The error that a server's problem details describe; what is unknown or malformed becomes `InternalError`."""
    kind = BY_CODE.get(str(problem.get("code")))
    detail = problem.get("detail")
    message = detail if isinstance(detail, str) else None
    if kind is None:
        return InternalError(message or f"The server answered with status {status}.")
    advice = problem.get("advice")
    details = {name: problem[name] for name in kind.extra if name in problem}
    return kind(message, advice=advice if isinstance(advice, str) else None, **details)
