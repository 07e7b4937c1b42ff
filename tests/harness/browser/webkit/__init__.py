"""WebKitGTK as a browser that Playwright can drive: a window for each page, spoken to in WebDriver BiDi.

Playwright drives its own build of WebKit or none. It also drives anything that speaks WebDriver BiDi, and that is what
this program does: started in Firefox's place, it opens a WebSocket, carries out Playwright's commands on Debian's
WebKitGTK and reports what happens there. So the same tests run with the same selectors, waits and assertions.

It runs on the system's Python, which has the bindings of GTK, and imports nothing else of this project.
"""
