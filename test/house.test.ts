/** Rules of the house that no linter can say. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AnyFunction } from "#lib/function/define.ts";
import { catalogue } from "#functions/catalogue.ts";

const root = join(import.meta.dirname, "..");
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const sources = tracked.filter((file) => /\.(ts|tsx)$/.test(file));
const contexts = readdirSync(join(root, "functions")).filter((name) =>
  statSync(join(root, "functions", name)).isDirectory(),
);
const verbs = tracked.filter((file) => /^functions\/[^/]+\/[^/]+\/function\.ts$/.test(file)).map(dirname);
const functions: [string, string, AnyFunction][] = Object.entries(catalogue).flatMap(([context, entries]) =>
  Object.entries(entries).map(([name, definition]): [string, string, AnyFunction] => [context, name, definition]),
);
const camel = (kebab: string): string => kebab.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

describe("names", () => {
  test("a verb's folder, its export, its entry in the catalogue and its test share one name", () => {
    const wrong = verbs.filter((folder) => {
      const name = basename(folder);
      const context = folder.split("/")[1] ?? "";
      const exported = read(`${folder}/function.ts`).includes(`export const ${camel(name)} = `);
      const listed = functions.some(([of, key, { name: own }]) => of === context && key === name && own === name);
      return !exported || !listed || !existsSync(join(root, folder, `${name}.test.ts`));
    });
    expect(wrong).toEqual([]);
  });

  test("the catalogue lists only what has a folder, and every context has a contract and a README", () => {
    expect(
      functions.filter(([context, name]) => !verbs.includes(`functions/${context}/${name}`)).map(([, name]) => name),
    ).toEqual([]);
    for (const context of contexts) {
      for (const file of ["contract.ts", "README.md"]) expect(tracked).toContain(`functions/${context}/${file}`);
    }
  });

  test("no file is called utils, helpers or index, and no type is an IThing, ThingImpl, ThingService or ThingManager", () => {
    expect(sources.filter((file) => /(^|\/)(utils?|helpers?|index|common|misc)\.tsx?$/.test(file))).toEqual([]);
    const bad = /\b(?:class|interface|type) (?:I[A-Z][a-z]\w*|\w+(?:Impl|Service|Manager))\b/;
    expect(sources.filter((file) => file !== "test/house.test.ts" && bad.test(read(file)))).toEqual([]);
  });
});

describe("boundaries", () => {
  const imports = (file: string): string[] => [...read(file).matchAll(/from "([^"]+)"/g)].map(([, from]) => from ?? "");
  const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file) || file.startsWith("test/");

  test("a context knows another by its contract only, and a verb never imports a verb", () => {
    const wrong = sources
      .filter((file) => file.startsWith("functions/") && file !== "functions/catalogue.ts" && !isTest(file))
      .flatMap((file) => {
        const own = file.split("/")[1] ?? "";
        return imports(file)
          .filter((from) => {
            const [, context, ...rest] = from.split("/");
            if (!from.startsWith("#functions/")) return /^\.\.\/[^/]+\/function/.test(from);
            return (context !== own && rest.join("/") !== "contract.ts") || rest.at(-1) === "function.ts";
          })
          .map((from) => `${file} ← ${from}`);
      });
    expect(wrong).toEqual([]);
  });

  test("adapters are named by their port's connect.ts and by tests only", () => {
    const adapter =
      /^#lib\/(broker|frames|object-store|cache|media-server)\/(postgres|rabbitmq|memory|file|amqp|redis|s3|mediamtx|ffmpeg)\.ts$/;
    const wrong = sources
      .filter((file) => !isTest(file) && !file.startsWith("test/") && !/^lib\/[^/]+\/connect(-worker)?\.ts$/.test(file))
      .flatMap((file) =>
        imports(file)
          .filter((from) => adapter.test(from))
          .map((from) => `${file} ← ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  test("zod comes as a namespace: named, it costs a bundle six times as much", () => {
    expect(sources.filter((file) => /import \{[^}]*\} from "zod"/.test(read(file)))).toEqual([]);
  });
});

describe("statelessness", () => {
  test("no file of a function holds state at module level", () => {
    const state = /^(?:export )?(?:let |const \w+(?:: [^=]+)? = (?:new (?:Map|Set|WeakMap|Array)\b|\[\];|\{\};))/m;
    const wrong = sources.filter(
      (file) => file.startsWith("functions/") && !file.endsWith(".test.ts") && state.test(read(file)),
    );
    expect(wrong.filter((file) => !allowedState.has(file))).toEqual([]);
  });
  /** Bounded concurrency of a process, not knowledge about anything. */
  const allowedState = new Set(["functions/admin/passwords.ts"]);

  test("tests neither mock modules nor sleep, skip or stand alone", () => {
    const banned = [
      /vi\.(?:mock|doMock)\(/,
      /\b(?:test|it|describe)\.(?:only|todo)\(/,
      /waitForTimeout\(/,
      /process\.env\.\w+ = /,
    ];
    const tests = sources.filter((file) => file.endsWith(".test.ts") || file.endsWith(".test.tsx"));
    expect(
      tests.filter((file) => file !== "test/house.test.ts" && banned.some((pattern) => pattern.test(read(file)))),
    ).toEqual([]);
  });
});

describe("access", () => {
  const http = functions.flatMap(([, name, definition]) =>
    "http" in definition ? [{ name, ...definition.http, role: definition.role }] : [],
  );

  test("what anyone may call is a closed list", () => {
    expect(
      http
        .filter(({ access }) => access === "anyone")
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(openToAnyone);
  });
  const openToAnyone = ["accept-link", "check-link", "enrol-agent", "read-jwks", "refresh-session", "sign-in"];

  test("what runs as gt_system before a city is known is a closed list", () => {
    const system = functions
      .filter(([, , definition]) => definition.role === "gt_system" && "http" in definition)
      .map(([, name]) => name);
    expect(system.filter((name) => !beforeACity.has(name))).toEqual([]);
  });
  const beforeACity = new Set([...openToAnyone, "sign-out", "open-socket"]);
});

describe("papers", () => {
  test("migrations are numbered without gaps", () => {
    const numbers = readdirSync(join(root, "migrations"))
      .toSorted()
      .map((file) => Number(file.slice(0, 4)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  test("paths that documents cite exist", () => {
    const documents = tracked.filter((file) => file.endsWith(".md"));
    const cited = documents.flatMap((file) =>
      [
        ...read(file).matchAll(
          /`((?:lib|functions|connector|gateway|edge-agent|console|infra|demo|test|migrations|docs|models)\/[\w./-]+)`/g,
        ),
      ].map(([, path]) => ({
        file,
        path: (path ?? "").replace(/\/$/, ""),
      })),
    );
    expect(
      cited.filter(({ path }) => !existsSync(join(root, path))).map(({ file, path }) => `${file}: ${path}`),
    ).toEqual([]);
  });

  test("links of documents lead somewhere", () => {
    const links = tracked
      .filter((file) => file.endsWith(".md"))
      .flatMap((file) => [...read(file).matchAll(/\]\(([^()\s]+)\)/g)].map(([, to]) => ({ file, to: to ?? "" })))
      .filter(({ to }) => !/^[a-z]+:/.test(to));
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter(({ file, to }) => !leads(file, to)).map(({ file, to }) => `${file}: ${to}`)).toEqual([]);
  });
  const leads = (file: string, link: string): boolean => {
    const [path = "", heading] = link.split("#");
    const target = path === "" ? file : join(dirname(file), path);
    return existsSync(join(root, target)) && (heading === undefined || headingsOf(target).includes(heading));
  };
  /** As code hosts make addresses of headings. */
  const headingsOf = (file: string): string[] =>
    [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, words = ""]) =>
      words
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );

  test("what the operator's page sets in bold stands on the screen in these words", () => {
    const screen = tracked.filter((file) => /^console\/messages\/pt-br.*\.ts$/.test(file)).map(read);
    const words = [...read("docs/operador.md").matchAll(/\*\*([^*]+)\*\*/g)].map(([, word = ""]) => word);
    expect(words.length).toBeGreaterThan(50);
    expect(words.filter((word) => word !== "English" && !screen.some((text) => text.includes(word)))).toEqual([]);
  });

  test("each event type is declared by one context only", () => {
    const declared = contexts.flatMap((context) =>
      [...read(`functions/${context}/contract.ts`).matchAll(/eventType\(\s*"([^"]+)"/g)].map(([, type]) => type ?? ""),
    );
    expect(declared.toSorted()).toEqual([...new Set(declared)].toSorted());
  });

  test("the networks together have the size that is promised, and their card is theirs", () => {
    const networks = tracked.filter((file) => /^models\/.*\.onnx$/.test(file));
    const bytes = networks.map((file) => readFileSync(join(root, file)));
    expect(bytes.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(6e6);
    const [card, list] = [read("models/README.md"), read("models/SHA256SUMS")];
    expect(networks.length).toBeGreaterThan(0);
    for (const [index, file] of networks.entries()) {
      const hash = createHash("sha256")
        .update(bytes[index] ?? "")
        .digest("hex");
      expect(list).toContain(`${hash}  ${basename(file)}`);
      expect(card).toContain(hash.slice(0, 12));
    }
  });

  test("nothing in the project speaks of paths of the machine it was written on", () => {
    const here = new RegExp(["/" + "work/", "/" + "root/\\.", "\\.\\./" + "shared/research"].join("|"));
    expect(
      tracked.filter(
        (file) => /\.(ts|tsx|md|sql|json|mjs|css)$/.test(file) && file !== "package-lock.json" && here.test(read(file)),
      ),
    ).toEqual([]);
  });
});
