// @ts-check
// Requests the large files that Python starts from before anything else of it is there. Not where a service worker answers
// for this page: what it keeps is read without a request (pyodide-loader.js).

if (!navigator.serviceWorker?.controller) {
  const files = ["../npm/pyodide/pyodide.asm.wasm", "../python/snapshot.bin", "../npm/pyodide/python_stdlib.zip"];
  for (const href of files) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "preload", as: "fetch", crossOrigin: "anonymous", fetchPriority: "low", href });
    document.head.append(link);
  }
}
