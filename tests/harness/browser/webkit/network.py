"""Requests as the test sees them: what is asked for and answered, and what the test decides about it."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from typing import Any

from harness.browser.webkit.proxy import Hearer, Proxy, Request, Verdict, answer, begun_loop
from harness.browser.webkit.session import Params, Refused, Reply, Session
from harness.browser.webkit.toolkit import GLib

NUMBERS = itertools.count(1)

NO_TIMES = dict.fromkeys(
    (
        "timeOrigin",
        "requestTime",
        "redirectStart",
        "redirectEnd",
        "fetchStart",
        "dnsStart",
        "dnsEnd",
        "connectStart",
        "connectEnd",
        "tlsStart",
        "requestStart",
        "responseStart",
        "responseEnd",
    ),
    0,
)


class Network:
    """All profiles' ways to the network."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._loop = begun_loop()
        self._held: dict[str, tuple[Proxy, Request]] = {}
        self._intercepts: dict[str, set[str]] = {}
        session.commands |= {
            "network.addIntercept": self.add_intercept,
            "network.removeIntercept": self.remove_intercept,
            "network.continueRequest": lambda params, reply: self._decide(params, Verdict(), reply),
            "network.failRequest": lambda params, reply: self._decide(params, Verdict(fails=True), reply),
            "network.provideResponse": self.provide,
        }
        for accepted in ("network.addDataCollector", "network.setCacheBehavior"):
            session.commands[accepted] = lambda _params, reply: reply.give()

    def proxy(self, page: Callable[[], str | None]) -> Proxy:
        """A proxy for a profile. `page` says to which of its pages a request is put down."""

        def holds() -> bool:
            asking = page()
            return any(asking in contexts or not contexts for contexts in list(self._intercepts.values()))

        def tell(event: str, request: Request, **more: Any) -> None:
            asking = page()
            if asking is not None:
                GLib.idle_add(self._tell, event, asking, request, more)

        def begun(request: Request, held: bool) -> None:
            if held:
                self._held[request.id] = (proxy, request)
            tell("beforeRequestSent", request, **({"intercepts": list(self._intercepts)} if held else {}))

        def answered(request: Request, status: int, reason: str, headers: list[tuple[str, str]]) -> None:
            tell("responseStarted", request, response=_response(request, status, reason, headers))

        def completed(request: Request, size: int) -> None:
            tell("responseCompleted", request, response={**_response(request, 200, "", []), "bodySize": size})

        def failed(request: Request, trouble: str) -> None:
            tell("fetchError", request, errorText=trouble)

        proxy = Proxy(self._loop, Hearer(holds, begun, answered, completed, failed))
        return proxy

    def _tell(self, event: str, page: str, request: Request, more: Params) -> bool:
        about = {
            "request": request.id,
            "url": request.url,
            "method": request.head.first[0],
            "headers": _described(request.head.headers),
            "cookies": [],
            "headersSize": 0,
            "bodySize": 0,
            "timings": NO_TIMES,
            "destination": request.head.get("sec-fetch-dest").replace("empty", ""),
            "initiatorType": "fetch",
        }
        self._session.event(
            f"network.{event}",
            context=page,
            isBlocked="intercepts" in more,
            navigation=None,
            redirectCount=0,
            request=about,
            timestamp=GLib.get_real_time() // 1000,
            **more,
        )
        return False

    # -- what the test decides

    def add_intercept(self, params: Params, reply: Reply) -> None:
        """From now on the test decides about requests, of some pages or of all."""
        name = f"intercept-{next(NUMBERS)}"
        if "beforeRequestSent" in params["phases"]:
            self._intercepts[name] = set(params.get("contexts") or ())
        reply.give({"intercept": name})

    def remove_intercept(self, params: Params, reply: Reply) -> None:
        """Requests go their way again."""
        self._intercepts.pop(params["intercept"], None)
        reply.give()

    def provide(self, params: Params, reply: Reply) -> None:
        """Answers a held request."""
        body = base64.b64decode(params.get("body", {}).get("value", ""))
        whole = answer(params["statusCode"], params.get("reasonPhrase", ""), params.get("headers", []), body)
        self._decide(params, Verdict(answer=whole), reply)

    def _decide(self, params: Params, verdict: Verdict, reply: Reply) -> None:
        held = self._held.pop(params["request"], None)
        if held is None:
            raise Refused("no such request", params["request"])
        proxy, request = held
        proxy.decide(request, verdict)
        reply.give()


def _described(headers: list[tuple[str, str]]) -> list[Params]:
    return [{"name": name, "value": {"type": "string", "value": value}} for name, value in headers]


def _response(request: Request, status: int, reason: str, headers: list[tuple[str, str]]) -> Params:
    return {
        "url": request.url,
        "protocol": "http/1.1",
        "status": status,
        "statusText": reason,
        "headers": _described(headers),
        "headersSize": 0,
        "bodySize": 0,
    }
