"""Playwright's commands, and what carries them out."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from harness.browser.webkit import scripts
from harness.browser.webkit.network import Network
from harness.browser.webkit.page import Page
from harness.browser.webkit.profile import Profile
from harness.browser.webkit.session import Params, Refused, Reply, Session
from harness.browser.webkit.toolkit import Gtk, WebKit2

NUMBERS = itertools.count(1)


class Browser:
    """All profiles and their pages."""

    def __init__(self, session: Session) -> None:
        self.profiles: dict[str, Profile] = {}
        self._session = session
        self._network = Network(session)
        session.commands |= {
            "session.new": self.begin,
            "browser.close": self.end,
            "browser.createUserContext": self.create_profile,
            "browser.removeUserContext": self.remove_profile,
            "browser.setDownloadBehavior": self.set_downloads,
            "browsingContext.create": self.create_page,
            "browsingContext.close": self.close_page,
            "browsingContext.activate": self.activate,
            "browsingContext.navigate": lambda params, reply: self.page(params).navigate(params["url"], reply),
            "browsingContext.reload": lambda params, reply: self.page(params).reload(reply),
            "browsingContext.traverseHistory": lambda params, reply: self.page(params).travel(params["delta"], reply),
            "browsingContext.setViewport": self.resize,
            "browsingContext.captureScreenshot": lambda params, reply: self.page(params).screenshot(
                params.get("clip"), reply
            ),
            "browsingContext.handleUserPrompt": lambda params, reply: self.page(params).answer(
                params.get("accept", True), params.get("userText"), reply
            ),
            "script.evaluate": self.evaluate,
            "script.callFunction": self.call,
            "script.disown": self.disown,
            "script.addPreloadScript": self.add_preload,
            "script.removePreloadScript": self.remove_preload,
            "input.performActions": lambda params, reply: self.page(params).perform(params["actions"], reply),
            "input.setFiles": lambda params, reply: self.page(params).choose(
                params["element"]["sharedId"], params["files"], reply
            ),
            "storage.getCookies": lambda params, reply: self.profile(params["partition"]).cookies(
                lambda cookies: reply.give({"cookies": cookies, "partitionKey": {}})
            ),
            "storage.deleteCookies": lambda params, reply: self.profile(params["partition"]).forget_cookies(
                lambda: reply.give({"partitionKey": {}})
            ),
            "permissions.setPermission": self.permit,
            "emulation.setLocaleOverride": self.speak,
            "emulation.setNetworkConditions": self.set_network,
            "emulation.setTimezoneOverride": self.set_timezone,
        }
        for accepted in (
            "session.subscribe",
            "emulation.setScreenOrientationOverride",
            "emulation.setScreenSettingsOverride",
        ):
            session.commands[accepted] = lambda _params, reply: reply.give()

    # -- whom a command is for

    def profile(self, params: Params) -> Profile:
        """The profile that is named."""
        found = self.profiles.get(params["userContext"])
        if found is None:
            raise Refused("no such user context", params["userContext"])
        return found

    def profiles_of(self, params: Params) -> list[Profile]:
        """All profiles that are named."""
        return [self.profile({"userContext": each}) for each in params.get("userContexts") or ()]

    def page(self, params: Params) -> Page:
        """The page that is named."""
        for profile in self.profiles.values():
            if params["context"] in profile.pages:
                return profile.pages[params["context"]]
        raise Refused("no such frame", params["context"])

    # -- the browser

    def begin(self, _params: Params, reply: Reply) -> None:
        """Says what browser this is."""
        version = f"{WebKit2.get_major_version()}.{WebKit2.get_minor_version()}.{WebKit2.get_micro_version()}"
        capabilities = {
            "acceptInsecureCerts": False,
            "browserName": "WebKitGTK",
            "browserVersion": version,
            "platformName": "linux",
            "setWindowRect": False,
            "userAgent": WebKit2.Settings().get_user_agent(),
        }
        reply.give({"sessionId": "the only one", "capabilities": capabilities})

    def end(self, _params: Params, reply: Reply) -> None:
        """Ends the program."""
        reply.give()
        Gtk.main_quit()

    def create_profile(self, _params: Params, reply: Reply) -> None:
        """A profile without a past."""
        profile = Profile(self._session, self._network)
        self.profiles[profile.id] = profile
        reply.give({"userContext": profile.id})

    def remove_profile(self, params: Params, reply: Reply) -> None:
        """Closes its pages and forgets all that they kept."""
        profile = self.profile(params)
        profile.end()
        del self.profiles[profile.id]
        reply.give()

    def set_downloads(self, params: Params, reply: Reply) -> None:
        """Where downloads go."""
        folder = params["downloadBehavior"].get("destinationFolder")
        for profile in self.profiles_of(params):
            profile.downloads = Path(folder) if folder else None
        reply.give()

    def permit(self, params: Params, reply: Reply) -> None:
        """What pages may do without asking."""
        permitted = self.profile(params).permitted
        name = params["descriptor"]["name"]
        if params["state"] == "granted":
            permitted.add(name)
        else:
            permitted.discard(name)
        reply.give()

    def speak(self, params: Params, reply: Reply) -> None:
        """The language of new pages."""
        for profile in self.profiles_of(params):
            profile.locale = params["locale"]
        reply.give()

    def set_timezone(self, params: Params, reply: Reply) -> None:
        """The time zone of new pages."""
        for profile in self.profiles_of(params):
            profile.timezone = params["timezone"]
        reply.give()

    def set_network(self, params: Params, reply: Reply) -> None:
        """Whether there is a network."""
        conditions = params.get("networkConditions") or {}
        for profile in self.profiles_of(params):
            profile.set_offline(conditions.get("type") == "offline")
        reply.give()

    # -- pages

    def create_page(self, params: Params, reply: Reply) -> None:
        """A page with nothing in it yet."""
        reply.give({"context": self.profile(params).open().id})

    def activate(self, params: Params, reply: Reply) -> None:
        """Brings a page to the front."""
        self.page(params).activate()
        reply.give()

    def close_page(self, params: Params, reply: Reply) -> None:
        """Closes a page; with `promptUnload` only if neither the page nor the person objects."""
        page = self.page(params)
        profile = next(each for each in self.profiles.values() if page.id in each.pages)
        if params.get("promptUnload"):
            page.leave(lambda: profile.close(page.id))
        else:
            profile.close(page.id)
        reply.give()

    def resize(self, params: Params, reply: Reply) -> None:
        """The size of one page, or of all that a profile has and will have."""
        size = (params["viewport"]["width"], params["viewport"]["height"])
        for profile in self.profiles_of(params):
            profile.size = size
            for page in profile.pages.values():
                page.resize(*size)
        if "context" in params:
            self.page(params).resize(*size)
        reply.give()

    # -- scripts

    def target(self, params: Params) -> tuple[Page, str | None]:
        """The page that a script runs in, and the name that the client has for its own scripts."""
        target = params["target"]
        return self.page(target), target.get("sandbox")

    def evaluate(self, params: Params, reply: Reply) -> None:
        """The value of an expression."""
        function = f"() => (\n{scripts.expression(params['expression'])}\n)"
        self.call({**params, "functionDeclaration": function, "arguments": []}, reply)

    def call(self, params: Params, reply: Reply) -> None:
        """What a function returns."""
        page, sandbox = self.target(params)
        body = scripts.call(
            params["functionDeclaration"],
            params.get("arguments", []),
            awaits=params.get("awaitPromise", False),
            owns=params.get("resultOwnership") == "root",
            context=page.id,
        )
        page.evaluate(body, reply, sandbox)

    def disown(self, params: Params, reply: Reply) -> None:
        """Handles that are needed no more."""
        page, _ = self.target(params)
        page.run(scripts.code(scripts.DISOWN, handles=params["handles"]), lambda _value, _fault: reply.give())

    def add_preload(self, params: Params, reply: Reply) -> None:
        """A script that runs in each new document before its own."""
        name = f"preload-{next(NUMBERS)}"
        if params.get("arguments"):
            raise Refused("unsupported operation", "functions of the test cannot be called from the page")
        profiles = self.profiles_of(params)
        if not profiles:
            pages = set(params.get("contexts") or ())
            profiles = [each for each in self.profiles.values() if pages & set(each.pages)]
        for profile in profiles:
            profile.preload(name, params["functionDeclaration"])
        reply.give({"script": name})

    def remove_preload(self, params: Params, reply: Reply) -> None:
        """Takes such a script away."""
        for profile in self.profiles.values():
            profile.preload(params["script"], None)
        reply.give()


def quitting(*_: Any) -> None:
    """Ends the program."""
    Gtk.main_quit()
