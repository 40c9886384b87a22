// Faults of installed packages that their makers have not repaired yet, repaired after each install (`postinstall`). Each patch
// names the version it is for: with another version the install fails, so that a patch is looked at again and never forgotten.
// Plain JavaScript: it runs on whatever Node the machine has.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules");

/**
 * postgres.js 3.4.9 writes to a socket that has gone (an uncaught TypeError: the process ends whenever the database does), and
 * forgets to disarm its timer when a connection closes (a slot of the pool that never sends again). porsager/postgres#1154,
 * #1168, #1208. A statement on a lost connection is refused instead; what was buffered for it is dropped. So is what was asked
 * between a socket's fault and its end, which nobody ever answered: who hears of the fault and asks again at once waited for ever.
 * And whoever was cut while the driver asked for the types of arrays had the process ended by that question's unheard refusal; the
 * statement for which it connected is refused in any case.
 */
const postgresPatches = ["src/connection.js", "cf/src/connection.js"].flatMap((file) => [
  {
    file,
    find: "    if (terminated)\n      return queryError(q, Errors.connection('CONNECTION_DESTROYED', options))\n\n    if (stream)",
    replace:
      "    if (terminated)\n      return queryError(q, Errors.connection('CONNECTION_DESTROYED', options))\n\n    if (socket === null)\n      return queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true\n\n    if (stream)",
  },
  {
    file,
    find: "    const x = socket.write(chunk, fn)\n",
    replace: "    const x = socket !== null && socket.write(chunk, fn)\n",
  },
  {
    file,
    find: "    incomings = null\n    clearImmediate(nextWriteTimer)\n    socket.removeListener('data', data)",
    replace:
      "    incomings = null\n    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n    socket.removeListener('data', data)",
  },
  {
    file,
    find: "    !hadError && (query || sent.length) && error(",
    replace: "    ;(query || sent.length) && error(",
  },
  {
    file,
    find: "        return fetchArrayTypes()\n",
    replace: "        return fetchArrayTypes().catch(() => undefined)\n",
  },
]);

/**
 * Its transactions go on asking the connection that they had, although that was lost and belongs to somebody else by now: what they
 * ask late would take effect outside of any transaction, their `commit` in the middle of another one. They are refused instead.
 */
const lateStatements = ["src/index.js", "cf/src/index.js"].flatMap((file) => [
  {
    file,
    find: "      , connection\n      , prepare = null\n",
    replace: "      , connection\n      , lost = null\n      , prepare = null\n",
  },
  {
    file,
    find: "connection.onclose = reject)",
    replace: "connection.onclose = e => (lost = e, reject(e)))",
  },
  {
    file,
    find: "        q.catch(e => uncaughtError || (uncaughtError = e))\n        c.queue === full",
    replace:
      "        q.catch(e => uncaughtError || (uncaughtError = e))\n        if (lost)\n          return q.reject(lost)\n\n        c.queue === full",
  },
]);
const patches = [{ name: "postgres", version: "3.4.9", changes: [...postgresPatches, ...lateStatements] }];

for (const { name, version, changes } of patches) {
  const installed = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")).version;
  if (installed !== version) throw new Error(`${name} ${installed}: infra/patched-packages.mjs is for ${version}`);
  for (const { file, find, replace } of changes) {
    const path = join(modules, name, file);
    const text = readFileSync(path, "utf8");
    if (text.includes(replace)) continue;
    if (text.split(find).length !== 2) throw new Error(`${name} ${version}: ${file} is not as the patch expects it`);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
}
