// Starts Python, imports everything that My PicSafe needs, and writes the memory as it then is.
//   task: { pyodide: file URL of pyodide.mjs, sitePackages: zip, prepare: Python source,
//           pyscript: JSON of path to source, output: file }

import { readFile, writeFile } from "node:fs/promises";
import { bytesOf, runTask, stillOptions } from "./still.mjs";

await runTask(async (task) => {
  const { loadPyodide } = await import(task.pyodide);
  const pyodide = await loadPyodide(stillOptions(task.pyodide, { _makeSnapshot: true }));
  const sitePackages = pyodide.runPython("import site; site.getsitepackages()[0]");
  pyodide.unpackArchive(await bytesOf(task.sitePackages), "zip", { extractDir: sitePackages });
  const globals = pyodide.toPy({ __name__: "prepare", pyscript_sources: await readFile(task.pyscript, "utf8") });
  pyodide.runPython(await readFile(task.prepare, "utf8"), { globals });
  globals.destroy();
  let snapshot;
  try {
    snapshot = pyodide.makeMemorySnapshot();
  } catch (error) {
    error.message = `Something alive is in the memory to be frozen (a JsProxy kept by a module at import?): ${error.message}`;
    throw error;
  }
  await writeFile(task.output, snapshot);
});
