// @ts-check
// Video and sound that play while they are decrypted: the address of a medium is answered with bytes that the page gives.
// Nothing is kept here, not even which addresses there are: every request is put to the very page that made it. So an
// address means nothing in another tab, ends when its page forgets it, and survives a restart of this worker.
// js/service-worker-client.js is the other side.
import { scope } from "./scope.js";

const KNOWS_WITHIN_MS = 10_000; // for a page to say that it knows a medium: one that is still loading never does

/** The addresses of media begin with it. The number is that of the messages below: an older or newer page has another. */
export const STREAMS = "/stream/1/";

/**
 * The answer to a request of a player: 200, 206 or 416 with bytes as they are asked for; 404 when nobody knows of it.
 * @param {FetchEvent} event
 * @param {string} path
 */
export async function stream(event, path) {
  const { request } = event;
  const client = request.mode === "navigate" ? undefined : await scope.clients.get(event.clientId);
  const token = path.slice(STREAMS.length);
  const medium = client && (await ask(client, { token }, KNOWS_WITHIN_MS));
  if (!medium) return answer(404);
  if (request.method !== "GET" && request.method !== "HEAD") return answer(405, { Allow: "GET, HEAD" });
  const { size, type } = medium;
  const span = wanted(request.headers.get("Range"), size);
  if (span === null) return answer(416, { "Content-Range": `bytes */${size}` });
  const [start, stop] = span ?? [0, size];
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": type, "Content-Length": String(stop - start), "Accept-Ranges": "bytes" };
  if (span) headers["Content-Range"] = `bytes ${start}-${stop - 1}/${size}`;
  return answer(span ? 206 : 200, headers, request.method === "HEAD" ? null : body(client, token, start, stop));
}

/**
 * @param {number} status
 * @param {Record<string, string>} [headers]
 * @param {ReadableStream | null} [content]
 */
function answer(status, headers = {}, content = null) {
  const strict = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
  };
  return new Response(content, { status, headers: { "Content-Type": "text/plain", ...headers, ...strict } });
}

/**
 * The bytes [start, stop) that a Range header asks for (RFC 9110, section 14): null when there are none such, undefined
 * when the header is to be ignored, as it is where it is missing, malformed or for several ranges.
 * @param {string | null} header
 * @param {number} size
 * @returns {[start: number, stop: number] | null | undefined}
 */
function wanted(header, size) {
  const found = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? "");
  if (!found || (!found[1] && !found[2])) return undefined;
  const [first, last] = [found[1], found[2]].map((digits) => (digits ? Number(digits) : null));
  if (first === null) return last && size > 0 ? [Math.max(size - last, 0), size] : null;
  if (last !== null && last < first) return undefined;
  return first < size ? [first, Math.min(last === null ? size : last + 1, size)] : null;
}

/**
 * A body that asks the page for its next piece only when the player takes it.
 * @param {Client} client
 * @param {string} token
 * @param {number} start
 * @param {number} stop
 */
function body(client, token, start, stop) {
  let at = start;
  /** @type {UnderlyingDefaultSource<Bytes>} */
  const source = {
    async pull(controller) {
      const bytes = await ask(client, { token, start: at, stop });
      if (!bytes?.byteLength) {
        controller.error(new Error("the page gives no more of this medium"));
        return;
      }
      at += bytes.byteLength;
      controller.enqueue(new Uint8Array(bytes));
      if (at >= stop) controller.close();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/**
 * Puts a question to a page; undefined when it does not know this medium, fails, or is silent for `within` milliseconds.
 * @param {Client} client
 * @param {{ token: string, start?: number, stop?: number }} question
 * @param {number} [within]
 * @returns {Promise<any>}
 */
function ask(client, question, within) {
  return new Promise((resolve) => {
    if (within) setTimeout(resolve, within);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      port1.close();
      resolve(data ?? undefined);
    };
    client.postMessage({ picsafe: "stream", ...question }, [port2]);
  });
}
