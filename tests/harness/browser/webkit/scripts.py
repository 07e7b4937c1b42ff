"""JavaScript for the page: running what Playwright asks for, keeping its handles, and reporting what happens.

Playwright's own scripts run in the page's world. They compile functions with `eval`, which the page's policy forbids;
code that the engine itself is asked to run is not under the policy, so each function is put into that code instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

CALL = """
const key = Symbol.for("handles of the test");
const kept = globalThis[key] ?? Object.defineProperty(globalThis, key, { value: new Map() })[key];
const taken = (each) => {
  if (each.handle ?? each.sharedId) {
    if (!kept.has(each.handle ?? each.sharedId)) throw { gone: true };
    return kept.get(each.handle ?? each.sharedId);
  }
  switch (each.type) {
    case "undefined": return undefined;
    case "null": return null;
    case "number": return Number(each.value);
    case "bigint": return BigInt(each.value);
    case "array": return each.value.map(taken);
    case "object": return Object.fromEntries(each.value.map(([name, value]) => [taken(name), taken(value)]));
    case "date": return new Date(each.value);
    case "regexp": return new RegExp(each.value.pattern, each.value.flags);
    default: return each.value;
  }
};
const kind = (value) => {
  if (value === null) return "null";
  if (value instanceof Node) return "node";
  if (value === globalThis) return "window";
  if (value instanceof Error) return "error";
  if (Array.isArray(value)) return "array";
  return typeof value;
};
const number = (value) => Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? "-0" : String(value);
const given = (value, deep) => {
  const type = kind(value);
  switch (type) {
    case "undefined": case "null": return { type };
    case "string": case "boolean": return { type, value };
    case "number": return { type, value: number(value) };
    case "bigint": return { type, value: String(value) };
    case "window": return { type, value: { context: asked.context } };
    case "array": return deep ? { type, value: value.map((each) => given(each, deep)) } : { type };
    case "object": return deep ? { type, value: Object.entries(value).map(([name, each]) => [name, given(each, deep)]) } : { type };
    default: return { type };
  }
};
try {
  const values = asked.arguments.map(taken);
  const real = globalThis.eval;
  const found = (text) =>
    compiled.find(([known]) => text === known || text === `(${known})`) ?? compiled.find(([known]) => text.includes(known));
  const compile = (text) => found(text)?.[1]() ?? real(text);
  let value;
  try {
    if (compiled.length) {
      values[0].global = { eval: compile };
      globalThis.eval = compile;
    }
    value = call(...values);
  } finally {
    globalThis.eval = real;
  }
  if (asked.awaits) value = await value;
  const result = given(value, !asked.owns);
  if (value !== null && ["object", "function"].includes(typeof value) && (asked.owns || result.type === "node")) {
    const handle = `h${kept.next = (kept.next ?? 0) + 1}`;
    kept.set(handle, value);
    result.handle = handle;
    if (result.type === "node") result.sharedId = handle;
  }
  return JSON.stringify({ result });
} catch (error) {
  if (error?.gone) return JSON.stringify({ gone: true });
  const said = error instanceof Error ? `${error.name}: ${error.message}\\n${error.stack ?? ""}` : String(error);
  return JSON.stringify({ exception: said });
}
"""

DISOWN = """
const kept = globalThis[Symbol.for("handles of the test")];
for (const handle of asked.handles) kept?.delete(handle);
return "{}";
"""

REPORT = """
(() => {
  // Playwright's own way to insert text adds to what is selected in a field for e-mail addresses.
  const insert = (text) => { document.execCommand("insertText", false, text); };
  Object.defineProperty(globalThis, "__pw_bidiInsertText", { get: () => insert, set: () => {} });
  const tell = webkit.messageHandlers.reporter.postMessage.bind(webkit.messageHandlers.reporter);
  const say = (message) => { try { tell(JSON.stringify({ ...message, at: location.href })); } catch {} };
  addEventListener("DOMContentLoaded", () => say({ event: "domContentLoaded" }));
  addEventListener("load", () => say({ event: "load" }));
  addEventListener("error", ({ message, error }) => {
    if (message) say({ event: "error", text: error instanceof Error ? `${error.name}: ${error.message}` : message });
  });
  addEventListener("click", ({ target }) => {
    if (target.matches?.("input[type=file]")) globalThis[Symbol.for("file input of the test")] = target;
  }, true);
  addEventListener("unhandledrejection", ({ reason }) =>
    say({ event: "error", text: reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason) }));
  for (const method of ["debug", "error", "info", "log", "warn"]) {
    const original = console[method];
    console[method] = (...said) => {
      say({ event: "console", method, text: said.map(String).join(" ") });
      original.apply(console, said);
    };
  }
})();
"""
"""Runs before the page's own scripts."""

ONLINE = """
Object.defineProperty(Navigator.prototype, "onLine", { configurable: true, get: () => asked.online });
dispatchEvent(new Event(asked.online ? "online" : "offline"));
return "{}";
"""

FILE_INPUT = '() => globalThis[Symbol.for("file input of the test")]'
"""The element whose file chooser was opened last."""

UTILITY = "utilityScript.evaluate("
"""How Playwright calls its script that compiles functions: the third argument after the script itself is the text."""

TEXTS = {"callbackText": "=>", "functionText": "=>", "source": "module.exports"}
"""Properties of arguments that are texts which that function compiles in its turn, and what tells them from others."""


def code(source: str, **asked: Any) -> str:
    """The body of a function that runs one of the scripts above."""
    return f"const asked = {literal(asked)};\n{source}"


def call(function: str, arguments: list[Any], *, awaits: bool, owns: bool, context: str) -> str:
    """The body of a function that calls `function` as `script.callFunction` wants it."""
    compiled = []
    if UTILITY in function and len(arguments) > 3 and arguments[3].get("type") == "string":
        compiled = [("expression", arguments[3]["value"]), *_texts(arguments[4:])]
    pairs = ",\n".join(f"[{literal(text)}, () => ({_compiled(name, text)})]" for name, text in compiled)
    head = f"const call = (\n{expression(function)}\n);\nconst compiled = [{pairs}];\n"
    return head + code(CALL, arguments=arguments, awaits=awaits, owns=owns, context=context)


def _texts(packed: Any) -> Iterator[tuple[str, str]]:
    """The texts anywhere in arguments that Playwright has packed."""
    value = packed.get("value") if isinstance(packed, dict) else packed
    if not isinstance(value, list):
        return
    if isinstance(packed, dict) and packed.get("type") == "object":
        properties = {key["value"]: each for key, each in value}
        name = properties.get("k", {}).get("value")
        text = properties.get("v", {}).get("value")
        if isinstance(text, str) and name in TEXTS and TEXTS[name] in text:
            yield name, text
        value = list(properties.values())
    for each in value:
        yield from _texts(each)


def _compiled(name: str, text: str) -> str:
    if name == "source":  # of a module, which Playwright wraps like this
        return f"(() => {{ const module = {{}};\n{text}\nreturn module.exports.default(); }})()"
    return f"\n{expression(text)}\n"


def expression(source: str) -> str:
    """Source that may end like a statement, as an expression."""
    return source.strip().rstrip(";")


def literal(value: Any) -> str:
    """A value as JavaScript that means it."""
    return json.dumps(value)
