// @ts-check
// The language of the page, decided before anything of it is painted: the one that was chosen in the account (kept in this
// browser), else the first of the browser's own that the catalogue has, else English. `<html lang>` says it, as the locale
// for dates and numbers; Python reads it there. The parser brings the English words of index.html; those of another
// language replace them before a paint. build.py makes a classic script of this module, since modules run after the first
// paint, and puts the words, `picsafe.catalogue`, in front of it.

const CHOICE = "picsafe.language";
const { attributes, locales, texts } = globalThis.picsafe.catalogue;
const page = document.documentElement;
const marked = ["data-text", ...attributes.map((name) => `data-text-${name}`)].map((name) => `[${name}]`).join();

/** @param {string} tag a language tag, such as de-AT */
const languageOf = (tag) => tag.split("-")[0].toLowerCase();

/** @param {string | null | undefined} code */
const known = (code) => Object.hasOwn(texts, code ?? "");

let language = "en";

/** What was chosen in this browser, "" for the browser's own language. */
function choice() {
  try {
    const code = localStorage.getItem(CHOICE) ?? "";
    return known(code) ? code : "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

const byBrowser = () => navigator.languages.map(languageOf).find(known) ?? "en";

/**
 * The person's own region where they name one: de-AT, en-AU. Browsers let people enter tags that `Intl` refuses.
 * @param {string} code
 */
function localeFor(code) {
  const named = navigator.languages.find((tag) => {
    try {
      return tag.includes("-") && languageOf(tag) === code && Intl.DateTimeFormat.supportedLocalesOf(tag).length;
    } catch {
      return false;
    }
  });
  return named ?? locales[code];
}

function decide() {
  language = choice() || byBrowser();
  page.lang = localeFor(language);
}

/**
 * The text of a key with its values; `count` chooses the plural form. Empty when there is none.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
function say(key, values = {}) {
  let text = texts[language][key] ?? "";
  if (typeof text !== "string") {
    text = text[new Intl.PluralRules(page.lang).select(Number(values.count))] ?? text.other;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * Says `key` in an element, also after another language has been chosen.
 * @param {HTMLElement} element
 * @param {string} key
 */
function put(element, key) {
  element.dataset.text = key;
  translate(element);
}

/** @param {Element} element */
function translate(element) {
  for (const name of attributes) {
    const key = element.getAttribute(`data-text-${name}`);
    if (key && element.getAttribute(name) !== say(key)) element.setAttribute(name, say(key));
  }
  const key = element.getAttribute("data-text");
  if (key && element.textContent !== say(key)) element.textContent = say(key);
}

/** @param {ParentNode} [root] */
function translateWithin(root = document) {
  for (const element of root.querySelectorAll(marked)) translate(element);
}

/**
 * Uses this language from now on, "" for the browser's own.
 * @param {string} code
 */
function choose(code) {
  try {
    if (code) localStorage.setItem(CHOICE, code);
    else localStorage.removeItem(CHOICE);
  } catch {
    // It holds for this page then, if it is the browser's own.
  }
  decide();
  translateWithin();
}

/** Translates what the parser adds, between its steps and before a paint: an element, then its words, perhaps in pieces. */
function translateWhileParsing() {
  const parsing = new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const element = target instanceof Element ? target : target.parentElement;
      if (element?.matches(marked)) translate(element);
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        translate(node);
        translateWithin(node);
      }
    }
  });
  translateWithin();
  parsing.observe(page, { childList: true, characterData: true, subtree: true });
  document.addEventListener(
    "readystatechange",
    () => {
      parsing.disconnect(); // "interactive": sign-in.js runs next
      translateWithin();
    },
    { once: true },
  );
}

decide();
globalThis.picsafe.i18n = { say, put, choice, choose, byBrowser };
if (language !== "en") translateWhileParsing();
