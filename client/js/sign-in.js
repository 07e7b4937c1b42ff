// @ts-check
// Signing in, before Python is there; and the form again when Python asks for it: locked, expired, signed out.
// Nothing typed is ever lost: the form is in the page from the first paint and is never rebuilt.
// The build joins this module and those it imports into one script.
import { at, inputAt } from "./elements.js";
import { begin, failed, isPublic, ready, reason, state, wanted } from "./python-start.js";
import * as session from "./session.js";

const SAY_AFTER_MS = 1000; // until a wait says what it waits for
const EMAIL = /^[^\s@]+@[^\s@]+\.?[^\s@]+$/;

const { i18n } = globalThis.picsafe;
const email = inputAt("email");
const password = inputAt("password");

/** @type {AbortController | null} The sign-in under way. */
let attempt = null;
/** @type {(() => void) | null} What the retry button does. */
let retry = null;

/** @param {string} key */
const say = (key) => i18n.say(`shell.${key}`);

// -- the form

/**
 * @param {string} title
 * @param {string} advice
 * @param {() => void} [again] what a retry does; there is no retry button without it
 */
function problem(title, advice, again) {
  at("sign-in-problem-title").textContent = title;
  at("sign-in-problem-advice").textContent = advice;
  /** @type {HTMLElement} */ (at("sign-in-retry").parentElement).hidden = !again;
  retry = again ?? null;
  at("sign-in-problem").hidden = false;
}

/**
 * Title and advice for a refusal, by its code: the catalogue's words, never the server's. i18n/error_messages.py does the
 * same for Python.
 * @param {any} answer
 * @returns {[string, string]}
 */
function refusal(answer) {
  const minutes = Math.ceil(Number(answer?.retry_after) / 60);
  const key = `error.${answer?.code}${answer?.code === "too_many_requests" && minutes > 0 ? ".wait" : ""}`;
  const what = i18n.say(key, { count: minutes });
  return what ? [what, i18n.say(`${key}.advice`)] : [say("refused"), say("refused_advice")];
}

/**
 * Puts a message at a field, or takes it away where `key` is empty.
 * @param {HTMLInputElement} field
 * @param {string} key
 * @returns {boolean} whether there is a message now
 */
function fieldError(field, key) {
  const message = at(`${field.id}-error`);
  message.textContent = key ? say(key) : "";
  message.hidden = !key;
  if (key) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  field.closest(".field")?.classList.toggle("field-refused", Boolean(key));
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

/** @param {SubmitEvent} event */
async function signIn(event) {
  event.preventDefault();
  if (attempt || incomplete()) return;
  attempt = new AbortController();
  at("sign-in-problem").hidden = true;
  at("sign-in-button").setAttribute("aria-busy", "true");
  const slow = setTimeout(() => {
    at("sign-in-wait").hidden = false;
  }, SAY_AFTER_MS);
  try {
    const { ok, answer } = await session.create(email.value.trim(), password.value, attempt.signal);
    if (!ok) {
      problem(...refusal(answer));
      password.select();
      return;
    }
    const me = await session.me(attempt.signal);
    if (!me.ok) throw new TypeError("signed in, but not known");
    session.begun();
    enter(me.answer);
  } catch (error) {
    const isCancelled = error instanceof Error && error.name === "AbortError";
    if (!isCancelled) problem(say("unreachable"), say("unreachable_advice"));
  } finally {
    clearTimeout(slow);
    attempt = null;
    at("sign-in-wait").hidden = true;
    at("sign-in-button").removeAttribute("aria-busy");
  }
}

/** @param {object} me the answer of /me */
function enter(me) {
  password.value = "";
  showPassword(false);
  at("sign-in-problem").hidden = true;
  session.enter(me);
  begin();
  state("signed-in");
  session.announce();
}

/** @param {boolean} shown */
function showPassword(shown) {
  password.type = shown ? "text" : "password";
  at("show-password").setAttribute("aria-pressed", String(shown));
  at("show-password").setAttribute("aria-label", say(shown ? "hide_password" : "show_password"));
  at("show-password").textContent = say(shown ? "hide" : "show");
}

// -- who is signed in

/** Asks the server who is signed in, where it can know of somebody; `isKnown`: another tab has just signed in. */
async function look({ isKnown = false } = {}) {
  at("sign-in-problem").hidden = true;
  if (!isKnown && !session.isUnended() && !session.mayBeAlive()) return;
  try {
    if (session.isUnended() && !(await session.end())) throw new TypeError("not ended");
    const { ok, status, answer } = await session.me();
    if (ok) enter(answer);
    else if (status === 401) session.forget();
    else problem(...refusal(answer), lookAgain);
  } catch {
    problem(say("unreachable"), say("started_without"), lookAgain);
  }
}

const lookAgain = () => void look();

/**
 * Shows the form again.
 * @param {string} why "locked", "expired" or "signed-out"
 * @param {string} address the email address to keep in the form, or ""
 * @param {boolean} end whether to end the session on the server
 * @returns {Promise<string>} the answer of /me, when somebody has signed in
 */
function ask(why, address, end) {
  session.leave();
  state("signed-out");
  reason(why);
  at("sign-in-title").textContent = say(`${why}.title`) || say("title");
  at("sign-in-label").textContent = say(`${why}.action`) || say("action");
  const explanation = at("sign-in-why");
  explanation.textContent = say(`${why}.why`);
  explanation.hidden = !explanation.textContent;
  at("someone-else").hidden = !address;
  at("sign-in-problem").hidden = true;
  fieldError(email, "");
  fieldError(password, "");
  password.value = "";
  showPassword(false);
  email.value = address;
  document.title = i18n.say("frame.page_title", { screen: at("sign-in-title").textContent });
  window.scrollTo(0, 0);
  (address ? password : email).focus();
  if (end) {
    session.end().then((ended) => {
      if (!ended && !session.isEntered()) problem(say("not_ended"), "");
    });
  }
  return session.signedIn();
}

/** Somebody left a public screen for one that needs a person: signed in already, or the form as it was. */
function askAnyone() {
  state("signed-out");
  look();
}

// -- the page

globalThis.picsafe.shell = {
  channel: session.channel,
  state,
  wanted,
  signedIn: session.signedIn,
  ask,
  askAnyone,
  ready,
  failed,
  tellTabs: (message) => session.channel.postMessage(message),
};

at("sign-in-form").addEventListener("submit", signIn);
at("sign-in-retry").addEventListener("click", () => retry?.());
at("sign-in-cancel").addEventListener("click", () => attempt?.abort());
at("show-password").addEventListener("click", () => showPassword(password.type === "password"));
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
  if (!at("sign-in-problem").hidden && retry === lookAgain) look();
});
// The message of another tab can be here before what that tab stored.
session.channel.addEventListener("message", (event) => {
  if (event.data === "signed-in" && !session.isEntered() && !attempt && !password.value) look({ isKnown: true });
});

if (isPublic()) state("public");
else look();
