import type { Guard } from "./guard.ts";

export const objects: readonly Guard[] = [
  {
    guards: "a link to an object ends",
    file: "lib/object-store/signatures.ts",
    find: 'if (!(Number(query.get("exp")) * 1000 > now.getTime()))',
    replace: "if (Number.isNaN(now.getTime()))",
    tests: ["test/contracts/object-store.test.ts"],
    title: "when its time is over",
  },
  {
    guards: "a link holds for what was signed alone",
    file: "lib/object-store/signatures.ts",
    find: 'if (!(await keys.checkMac("urls", textOf(method, bucket, key, query), signed))) throw refused;',
    replace: "",
    tests: ["test/contracts/object-store.test.ts"],
    title: "with anything changed",
  },
  {
    guards: "no object key climbs out of the store",
    file: "lib/object-store/object-key.ts",
    find: ' && !key.includes("..")',
    replace: "",
    tests: ["test/contracts/object-store.test.ts"],
    title: "outside the alphabet",
  },
  {
    guards: "no link of the file system leads out of the store",
    file: "lib/object-store/file-paths.ts",
    find: "(await realpath(folder)) === folder",
    replace: '(await realpath(folder)) !== ""',
    tests: ["test/contracts/object-store.test.ts"],
    title: "symbolic link",
  },
];
