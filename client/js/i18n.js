// The language of the page, decided before anything of it is painted: the one that was chosen in the account (kept in this
// browser), else the first of the browser's own that the catalogue has, else English. `<html lang>` says it, as the locale
// for dates and numbers; Python reads it there. The parser brings the English words of index.html; those of another
// language take their place as they come, before a paint. build.py puts the words, `picsafe.catalogue`, in front of this.
"use strict";
(() => {
  const CHOICE = "picsafe.language";
  const { attributes, locales, texts } = globalThis.picsafe.catalogue;
  const page = document.documentElement;
  const marked = ["data-text", ...attributes.map((name) => `data-text-${name}`)].map((name) => `[${name}]`).join();
  const languageOf = (tag) => tag.split("-")[0].toLowerCase();
  const known = (code) => Object.hasOwn(texts, code ?? "");

  let language = "en";

  /** What was chosen in this browser, "" for the browser's own language. */
  function choice() {
    try {
      const code = localStorage.getItem(CHOICE);
      return known(code) ? code : "";
    } catch {
      return ""; // a browser that keeps nothing
    }
  }

  const byBrowser = () => navigator.languages.map(languageOf).find(known) ?? "en";

  // The person's own region where they name one: de-AT, en-AU. Browsers let people enter tags that `Intl` refuses.
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

  /** The text of a key with its values; `count` chooses the plural form. Empty when there is none. */
  function say(key, values = {}) {
    let text = texts[language][key] ?? "";
    if (typeof text !== "string") text = text[new Intl.PluralRules(page.lang).select(values.count)] ?? text.other;
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  /** Says `key` in an element, also after another language has been chosen. */
  function put(element, key) {
    element.dataset.text = key;
    translate(element);
  }

  function translate(element) {
    for (const name of attributes) {
      const key = element.getAttribute(`data-text-${name}`);
      if (key && element.getAttribute(name) !== say(key)) element.setAttribute(name, say(key));
    }
    const key = element.getAttribute("data-text");
    if (key && element.textContent !== say(key)) element.textContent = say(key);
  }

  const translateAll = () => document.querySelectorAll(marked).forEach(translate);

  /** From now on this language, "" for the browser's own. */
  function choose(code) {
    try {
      if (code) localStorage.setItem(CHOICE, code);
      else localStorage.removeItem(CHOICE);
    } catch {
      // It holds for this page then, if it is the browser's own.
    }
    decide();
    translateAll();
  }

  decide();
  globalThis.picsafe.words = { say, put, choice, choose, byBrowser };
  if (language === "en") return;

  // Called between the parser's steps, and before the page is painted: an element, then its English words, perhaps in pieces.
  const parsing = new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const element = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
      if (element?.matches(marked)) translate(element);
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        translate(node);
        node.querySelectorAll(marked).forEach(translate);
      }
    }
  });
  translateAll();
  parsing.observe(page, { childList: true, characterData: true, subtree: true });
  document.addEventListener("readystatechange", () => {
    parsing.disconnect(); // "interactive": sign-in.js comes now
    translateAll();
  }, { once: true });
})();
