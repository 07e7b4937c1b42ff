"""A deadline for each call to S3 as a whole. boto3's own limits start again with every byte that arrives.

When the time is over, the sockets of the call are shut down, so that its thread ends with an error and is free again. What
a streamed body still has to give is not part of the call: it lasts as long as the reader of a download takes.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.exceptions import HTTPClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _Call:
    """One call with all its attempts: the socket that it uses, until its deadline."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_over = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def uses(self, used: socket.socket | None) -> None:
        """`used` belongs to this call from now on. Raises `HTTPClientError` when the time is over."""
        with self._lock:
            self._check()
            # Of an earlier attempt the socket may serve another call by now.
            self._socket = used

    def end(self) -> None:
        """The answer is there, or the error. Raises `HTTPClientError` when the answer was cut: `http.client` takes a head
        without its end for a whole one."""
        self._timer.cancel()
        with self._lock:
            self._socket = None
            self._check()

    def _check(self) -> None:
        if self._is_over:
            raise HTTPClientError(error="the call took too long")

    def _cut(self) -> None:
        with self._lock:
            self._is_over = True
            if self._socket is not None:
                with suppress(OSError):
                    # Not `SSLSocket.shutdown`, which drops its encryption first, while another thread may be writing.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Current(threading.local):
    """The call that this thread makes, if any: boto3 makes each call in the thread of its caller."""

    call: _Call | None = None

    def uses(self, used: socket.socket | None) -> None:
        if self.call is not None:
            self.call.uses(used)


_current = _Current()


class _Connection(AWSHTTPConnection):
    def connect(self) -> None:
        super().connect()
        _current.uses(self.sock)

    def request(self, *arguments: Any, **more: Any) -> Any:
        _current.uses(self.sock)
        return super().request(*arguments, **more)


class _SecureConnection(AWSHTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _current.uses(self.sock)

    def request(self, *arguments: Any, **more: Any) -> Any:
        _current.uses(self.sock)
        return super().request(*arguments, **more)


def set_deadline(client: S3Client, seconds: float) -> None:
    """Every call of `client` takes `seconds` at most, and ends with an error of botocore's when it would take longer."""
    AWSHTTPConnectionPool.ConnectionCls = _Connection
    AWSHTTPSConnectionPool.ConnectionCls = _SecureConnection

    def begin(**_: object) -> None:
        _current.call = _Call(seconds)

    def end(**_: object) -> None:
        call, _current.call = _current.call, None
        if call is not None:
            call.end()

    def fail(**_: object) -> None:
        with suppress(HTTPClientError):  # the error that is being raised says more
            end()

    client.meta.events.register_first("before-call.s3", begin)
    client.meta.events.register_first("after-call.s3", end)
    client.meta.events.register("after-call-error.s3", fail)
