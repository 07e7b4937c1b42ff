// What has to work before Python is there: signing in, saying that the rest is still loading, and saying that it failed.
// Also what Python asks for afterwards: the form again (locked, expired, signed out), and word from the other tabs.
// Nothing typed is ever lost: the form is in the page from the first paint and is never rebuilt.
"use strict";
(() => {
  const USERS = "/users/v1";
  const UNENDED = "picsafe.end-session"; // set while the server still has to be told that a session is over
  const SIGNED_IN = "picsafe.signed-in"; // set while a session of this browser may be alive, of which only the server knows
  const ACTIVITY_EVENTS = ["pointermove", "pointerdown", "keydown", "focusin", "input"]; // that somebody is there
  const START_ANYWAY_MS = 20_000; // until Python begins without any
  const SAY_AFTER = 1000; // milliseconds until a wait says what it waits for
  const PUBLIC = /^#\/invitation\//; // screens that nobody needs to be signed in for; router.py knows the same
  const EMAIL = /^[^\s@]+@[^\s@]+\.?[^\s@]+$/;

  const page = document.documentElement;
  const at = (id) => document.getElementById(id);
  const words = globalThis.picsafe.words;
  const say = (key) => words.say(`shell.${key}`);
  const email = at("email");
  const password = at("password");
  const channel = new BroadcastChannel("picsafe-session");

  let entered = null; // the answer of /me as text, once somebody is signed in
  let waiting = []; // those who want to know it
  let attempt = null; // AbortController of the sign-in under way

  const state = (name) => {
    page.dataset.state = name;
  };

  async function call(method, path, body, signal) {
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

  // -- the form

  function problem(title, advice, retry) {
    at("sign-in-problem-title").textContent = title;
    at("sign-in-problem-advice").textContent = advice;
    at("sign-in-retry").parentElement.hidden = !retry;
    at("sign-in-retry").onclick = retry ?? null;
    at("sign-in-problem").hidden = false;
  }

  // What a refusal says, by its code: the catalogue's words, never the server's. refusals.py does the same for Python.
  function refusal(answer) {
    const minutes = Math.ceil(Number(answer?.retry_after) / 60);
    const key = `error.${answer?.code}${answer?.code === "too_many_requests" && minutes > 0 ? ".wait" : ""}`;
    const what = words.say(key, { count: minutes });
    return what ? [what, words.say(`${key}.advice`)] : [say("refused"), say("refused_advice")];
  }

  function fieldError(field, key) {
    const message = at(`${field.id}-error`);
    message.textContent = key ? say(key) : "";
    message.hidden = !key;
    if (key) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    field.closest(".field").classList.toggle("field-refused", Boolean(key));
    return Boolean(key);
  }

  function incomplete() {
    const address = email.value.trim();
    const wrongEmail = fieldError(email, !address ? "email_missing" : !EMAIL.test(address) ? "email_odd" : "");
    const wrongPassword = fieldError(password, password.value ? "" : "password_missing");
    if (wrongEmail) email.focus();
    else if (wrongPassword) password.focus();
    return wrongEmail || wrongPassword;
  }

  async function signIn(event) {
    event.preventDefault();
    if (attempt || incomplete()) return;
    attempt = new AbortController();
    at("sign-in-problem").hidden = true;
    at("sign-in-button").setAttribute("aria-busy", "true");
    const slow = setTimeout(() => {
      at("sign-in-wait").hidden = false;
    }, SAY_AFTER);
    try {
      const body = { email: email.value.trim(), password: password.value, device: device(), transport: "cookie" };
      const { ok, answer } = await call("POST", "/sessions", body, attempt.signal);
      if (!ok) {
        problem(...refusal(answer));
        password.select();
        return;
      }
      const me = await call("GET", "/me", undefined, attempt.signal);
      if (!me.ok) throw new TypeError("signed in, but not known");
      localStorage.removeItem(UNENDED);
      localStorage.setItem(SIGNED_IN, "1");
      channel.postMessage("signed-in");
      enter(me.answer);
    } catch (error) {
      if (error.name !== "AbortError") problem(say("unreachable"), say("unreachable_advice"));
    } finally {
      clearTimeout(slow);
      attempt = null;
      at("sign-in-wait").hidden = true;
      at("sign-in-button").removeAttribute("aria-busy");
    }
  }

  function enter(me) {
    password.value = "";
    hidePassword();
    at("sign-in-problem").hidden = true;
    entered = JSON.stringify(me);
    begin();
    state("signed-in");
    const answers = waiting;
    waiting = [];
    for (const answer of answers) answer(entered);
  }

  // The name of this device in the list of sessions: browser and system, no more than the request itself tells.
  function device() {
    const agent = navigator.userAgent;
    const found = (pairs) => pairs.find(([, pattern]) => pattern.test(agent))?.[0];
    const browser = found([["Edge", /Edg\//], ["Firefox", /Firefox\//], ["Chrome", /Chrom(e|ium)\//], ["Safari", /Safari\//]]);
    const system = found([["iPhone", /iPhone/], ["iPad", /iPad/], ["Android", /Android/], ["Windows", /Windows/], ["macOS", /Mac OS X/], ["ChromeOS", /CrOS/], ["Linux", /Linux/]]);
    return [browser, system].filter(Boolean).join(", ");
  }

  function hidePassword(shown = false) {
    password.type = shown ? "text" : "password";
    at("show-password").setAttribute("aria-pressed", String(shown));
    at("show-password").setAttribute("aria-label", say(shown ? "hide_password" : "show_password"));
    at("show-password").textContent = say(shown ? "hide" : "show");
  }

  // -- who is signed in

  async function endSession() {
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

  async function look({ isKnown = false } = {}) {
    at("sign-in-problem").hidden = true;
    if (!isKnown && !localStorage.getItem(UNENDED) && !localStorage.getItem(SIGNED_IN)) return; // nobody to ask the server about
    try {
      if (localStorage.getItem(UNENDED) && !(await endSession())) throw new TypeError("not ended");
      const { ok, status, answer } = await call("GET", "/me");
      if (ok) enter(answer);
      else if (status === 401) localStorage.removeItem(SIGNED_IN);
      else problem(...refusal(answer), look);
    } catch {
      problem(say("unreachable"), say("started_without"), look);
    }
  }

  // Python keeps the page's only thread busy while it begins. So it does not begin under the first paint of a page on which
  // nobody is signed in, but when somebody comes; all of its files are on their way before (docs/decisions/0021).
  let begin;
  const wanted = new Promise((begins) => {
    begin = begins;
    if (PUBLIC.test(location.hash) || localStorage.getItem(UNENDED) || localStorage.getItem(SIGNED_IN)) begin();
    for (const sign of ACTIVITY_EVENTS) addEventListener(sign, begin, { once: true, passive: true });
    setTimeout(begin, START_ANYWAY_MS);
  });

  const signedIn = () => (entered ? Promise.resolve(entered) : new Promise((answer) => waiting.push(answer)));

  function ask(why, address, end) {
    entered = null;
    state("signed-out");
    page.dataset.why = why;
    at("sign-in-title").textContent = say(`${why}.title`) || say("title");
    at("sign-in-label").textContent = say(`${why}.action`) || say("action");
    const reason = at("sign-in-why");
    reason.textContent = say(`${why}.why`);
    reason.hidden = !reason.textContent;
    at("someone-else").hidden = !address;
    at("sign-in-problem").hidden = true;
    fieldError(email, "");
    fieldError(password, "");
    password.value = "";
    hidePassword();
    email.value = address;
    document.title = words.say("frame.page_title", { screen: at("sign-in-title").textContent });
    window.scrollTo(0, 0);
    (address ? password : email).focus();
    if (end) {
      endSession().then((ended) => {
        if (!ended && !entered) problem(say("not_ended"), "");
      });
    }
    return signedIn();
  }

  // Somebody left a public screen for one that needs a person: signed in already, or the form as it was.
  function askAnyone() {
    state("signed-out");
    look();
  }

  // -- Python's boot

  function ready() {
    page.dataset.python = "ready";
    words.put(at("boot-text"), "shell.ready");
  }

  function failed(error) {
    console.error(error);
    page.dataset.python = "failed";
    words.put(at("boot-text"), "shell.failed");
    at("boot-failure").hidden = false;
  }

  globalThis.picsafe ??= {};
  globalThis.picsafe.shell = {
    channel,
    state,
    wanted,
    signedIn,
    ask,
    askAnyone,
    ready,
    failed,
    tellTabs: (message) => channel.postMessage(message),
  };

  // The boot script reports its own failures, but not that it could not be loaded itself.
  addEventListener("error", ({ target }) => {
    if (target instanceof HTMLScriptElement) failed(new Error(`${target.src} could not be loaded`));
  }, true);

  at("sign-in-form").addEventListener("submit", signIn);
  at("sign-in-cancel").addEventListener("click", () => attempt?.abort());
  at("reload-button").addEventListener("click", () => location.reload());
  at("show-password").addEventListener("click", () => hidePassword(password.type === "password"));
  at("someone-else").addEventListener("click", () => {
    email.value = "";
    at("someone-else").hidden = true;
    email.focus();
  });
  for (const field of [email, password]) field.addEventListener("input", () => fieldError(field, ""));
  at("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the hash belongs to the screens
    at("main-content").focus();
  });
  addEventListener("online", () => {
    if (!at("sign-in-problem").hidden && at("sign-in-retry").onclick === look) look();
  });
  // The word of another tab can be here before what that tab stored.
  channel.addEventListener("message", (event) => {
    if (event.data === "signed-in" && !entered && !attempt && !password.value) look({ isKnown: true });
  });

  if (PUBLIC.test(location.hash)) state("public");
  else look();
})();
