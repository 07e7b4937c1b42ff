"""A connection on which nothing more arrives, as proxies leave them: the page says so in the end, and waits for nothing for good."""

from __future__ import annotations

import pytest
from harness.browser.client_server import Site
from harness.browser.page_driver import ClientPage

pytestmark = [pytest.mark.anyio, pytest.mark.e2e]

_CALL = """
import asyncio, js
from picsafe_client.api import client as api
from picsafe_client.i18n.error_messages import error_message
from picsafe_protocol.contracts.errors import PicSafeError

async def said(path, signal=None):
    try:
        await asyncio.wait_for(api.Api().request("GET", path, signal=signal), 30)
    except PicSafeError as error:
        return [error.code, *error_message(error)]
    except api.Cancelled:
        return ["cancelled"]
    except TimeoutError:
        return ["still waiting"]
"""


@pytest.mark.parametrize("beginning", [b"", b'{"reports": ['], ids=["no answer", "half an answer"])
async def test_a_call_that_is_never_answered_ends_in_words(
    client_page: ClientPage, site: Site, beginning: bytes
) -> None:
    site.stalls["/stalls"] = beginning
    said = await client_page.python(f"{_CALL}\napi.CALL_SECONDS = 0.3\nawait said('/stalls')")
    assert said[:2] == ["unreachable", "The server did not answer in time."]
    assert "try again" in said[2]


async def test_a_deadline_is_no_cancelling_where_the_browser_reports_both_alike(
    client_page: ClientPage, site: Site
) -> None:
    """Firefox ends a body that is being read with an AbortError, whatever ended it: a silent end for everybody who waited."""
    site.stalls["/stalls"] = b'{"reports": ['
    await client_page.page.evaluate("""() => {
      Response.prototype.text = () => new Promise((_, reject) => {
        setTimeout(() => reject(new DOMException("aborted", "AbortError")), 600);
      });
    }""")
    said = await client_page.python(f"{_CALL}\napi.CALL_SECONDS = 0.3\nawait said('/stalls')")
    assert said[:2] == ["unreachable", "The server did not answer in time."]


async def test_a_call_with_a_deadline_can_still_be_cancelled(client_page: ClientPage, site: Site) -> None:
    site.stalls["/stalls"] = b""
    cancels = """
controller = js.AbortController.new()
js.setTimeout(controller.abort.bind(controller), 300)
await said("/stalls", controller.signal)
"""
    assert await client_page.python(_CALL + cancels) == ["cancelled"]


_DOWNLOAD = """
import asyncio, datetime
from picsafe_client.api import client as api; from picsafe_client.reports import package_sources as sources
from picsafe_client.i18n.error_messages import error_message
from picsafe_protocol.contracts.api.reports import SignedGrant
from picsafe_protocol.contracts.errors import PicSafeError

sources.REQUEST_TIMEOUT_SECONDS, sources.SILENT_SECONDS = seconds
package = sources.CloudPackage(api.Api(), "r")
later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
package._grant = SignedGrant("", "token", later.isoformat())

async def arrived():
    got = b""
    try:
        body = await package.get(0, 1100)
        while piece := await body.next():
            got += piece.to_bytes()
    except PicSafeError as error:
        return [got.decode(), error_message(error)[0]]

await asyncio.wait_for(arrived(), 30)
"""


@pytest.mark.parametrize(
    ("beginning", "seconds", "words"),
    [
        (b"", [0.5, 60], "The server did not answer in time."),
        (b"x" * 100, [60, 0.5], "The connection was lost before everything had arrived."),
    ],
    ids=["before its first byte", "in the middle"],
)
async def test_a_download_that_falls_silent_counts_as_broken(
    client_page: ClientPage, site: Site, beginning: bytes, seconds: list[float], words: str
) -> None:
    site.stalls["/v1/packages/r"] = beginning
    assert await client_page.python(_DOWNLOAD, seconds=seconds) == [beginning.decode(), words]
