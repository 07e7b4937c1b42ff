// @ts-check
// The session of this browser: the requests that begin, check and end it, what the browser remembers of it, and the other
// tabs. It knows nothing of the form (sign-in.js).

const USERS = "/users/v1";
const UNENDED = "picsafe.end-session"; // set while the server still has to be told that a session is over
const SIGNED_IN = "picsafe.signed-in"; // set while a session of this browser may be alive, of which only the server knows

/** Messages between the tabs of this browser: "active", "lock", "signed-in" or "signed-out". */
export const channel = new BroadcastChannel("picsafe-session");

/** @type {string | null} The answer of /me as text, once somebody is signed in. */
let entered = null;
/** @type {((me: string) => void)[]} Those who wait for it. */
let waiting = [];

/**
 * Calls the user server. Rejects when it cannot be reached.
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ ok: boolean, status: number, answer: any }>} `answer` is null where it is not JSON
 */
async function call(method, path, body, signal) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(USERS + path, {
    method,
    headers,
    signal,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    keepalive: method === "DELETE",
  });
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    // A proxy's own page: its words are of no use here, the status says enough.
  }
  return { ok: response.ok, status: response.status, answer };
}

/**
 * Begins a session. The cookie stays with the browser; no script ever sees it.
 * @param {string} email
 * @param {string} password
 * @param {AbortSignal} signal
 */
export const create = (email, password, signal) =>
  call("POST", "/sessions", { email, password, device: deviceName(), transport: "cookie" }, signal);

/**
 * Who is signed in.
 * @param {AbortSignal} [signal]
 */
export const me = (signal) => call("GET", "/me", undefined, signal);

/** Ends the session on the server. False when the server could not be told; the browser then remembers to try again. */
export async function end() {
  localStorage.setItem(UNENDED, "1");
  try {
    const { ok, status } = await call("DELETE", "/sessions/current");
    if (!ok && status !== 401) return false;
    localStorage.removeItem(UNENDED);
    return true;
  } catch {
    return false;
  }
}

/** Whether the server still has to be told that a session is over. */
export const isUnended = () => Boolean(localStorage.getItem(UNENDED));

/** Whether a session of this browser may be alive. */
export const mayBeAlive = () => Boolean(localStorage.getItem(SIGNED_IN));

/** There is a session now: this browser remembers it, and its other tabs may use it. */
export function begun() {
  localStorage.removeItem(UNENDED);
  localStorage.setItem(SIGNED_IN, "1");
  channel.postMessage("signed-in");
}

/** There is no session. */
export function forget() {
  localStorage.removeItem(SIGNED_IN);
}

/** Whether somebody is signed in on this page. */
export const isEntered = () => entered !== null;

/**
 * Somebody is signed in on this page. Call `announce` when the page shows it.
 * @param {object} person the answer of /me
 */
export function enter(person) {
  entered = JSON.stringify(person);
}

/** Answers those who wait in `signedIn`. */
export function announce() {
  const answers = waiting;
  waiting = [];
  for (const answer of answers) answer(/** @type {string} */ (entered));
}

/** Nobody is signed in on this page any more. */
export function leave() {
  entered = null;
}

/** @returns {Promise<string>} the answer of /me as text, at once or when somebody has signed in */
export const signedIn = () =>
  entered === null ? new Promise((answer) => waiting.push(answer)) : Promise.resolve(entered);

/** The name of this device in the list of sessions: browser and system, no more than the request itself tells. */
function deviceName() {
  const agent = navigator.userAgent;
  /** @param {[string, RegExp][]} pairs */
  const found = (pairs) => pairs.find(([, pattern]) => pattern.test(agent))?.[0];
  const browser = found([
    ["Edge", /Edg\//],
    ["Firefox", /Firefox\//],
    ["Chrome", /Chrom(e|ium)\//],
    ["Safari", /Safari\//],
  ]);
  const system = found([
    ["iPhone", /iPhone/],
    ["iPad", /iPad/],
    ["Android", /Android/],
    ["Windows", /Windows/],
    ["macOS", /Mac OS X/],
    ["ChromeOS", /CrOS/],
    ["Linux", /Linux/],
  ]);
  return [browser, system].filter(Boolean).join(", ");
}
