// @ts-check
// What the browser asks of this worker. Whatever is not named here goes to the network as if there were no worker.
// The build joins this module and those it imports into one script, since not every browser takes modules as workers.
import { asset, fill, page, tidy } from "./cache.js";
import { scope } from "./scope.js";
import { STREAMS, stream } from "./streams.js";

scope.addEventListener("install", (event) => {
  scope.skipWaiting(); // an open page keeps its release: its files have other names, and they stay here while it is open
  event.waitUntil(fill());
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(scope.clients.claim()); // and for nothing else, as whatever pages ask for waits meanwhile
  void tidy();
});

// A page runs: it has what it needs, and the one that was in its place is gone.
scope.addEventListener("message", (event) => {
  if (event.data?.picsafe === "started") event.waitUntil(fill().then(tidy));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (pathname.startsWith(STREAMS)) {
    event.respondWith(stream(event, pathname));
  } else if (request.method === "GET" && request.mode === "navigate" && ["/", "/index.html"].includes(pathname)) {
    event.respondWith(page(event));
  } else if (request.method === "GET" && pathname.startsWith("/assets/")) {
    event.respondWith(asset(request));
  }
});
