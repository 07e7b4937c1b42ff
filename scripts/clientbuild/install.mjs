// Installs wheels with micropip into a Pyodide, then writes what arrived in site-packages as plain files.
//   task: { pyodide: file URL of pyodide.mjs, micropip: wheel, wheels: [wheel], output: folder }

import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { bytesOf, runTask, stillOptions } from "./still.mjs";

async function writeTree(fs, from, to) {
  for (const name of fs.readdir(from).sort()) {
    if (name === "." || name === ".." || name === "__pycache__") continue;
    const path = `${from}/${name}`;
    if (fs.isDir(fs.stat(path).mode)) {
      await writeTree(fs, path, join(to, name));
    } else {
      await mkdir(to, { recursive: true });
      await writeFile(join(to, name), fs.readFile(path));
    }
  }
}

await runTask(async (task) => {
  const { loadPyodide } = await import(task.pyodide);
  const pyodide = await loadPyodide(stillOptions(task.pyodide));
  const sitePackages = pyodide.runPython("import site; site.getsitepackages()[0]");
  const installer = "/tmp/installer";
  pyodide.unpackArchive(await bytesOf(task.micropip), "wheel", { extractDir: installer });
  for (const wheel of task.wheels) pyodide.FS.writeFile(`/tmp/${basename(wheel)}`, await bytesOf(wheel));
  pyodide.globals.set("wheels", pyodide.toPy(task.wheels.map((wheel) => `emfs:/tmp/${basename(wheel)}`)));
  await pyodide.runPythonAsync(`
import sys
sys.path.insert(0, ${JSON.stringify(installer)})
import micropip
# No index: whatever a wheel needs must be among the wheels, for the browser can fetch nothing else.
micropip.set_index_urls([])
await micropip.install(wheels)
`);
  await writeTree(pyodide.FS, sitePackages, task.output);
});
