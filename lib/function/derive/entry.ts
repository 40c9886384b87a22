/** A deployable → its main as text: its functions, the host, and the `connect.ts` of what they need. Nothing else is bundled. */
import type { AnyFunction } from "../define.ts";
import { needsOf } from "../needs.ts";
import { camel } from "./names.ts";

export type EntryKind = "process" | "worker";
export type Listed = { context: string; definition: AnyFunction };

type PortNeed = "objects" | "cache" | "sight";
type Port = { need: PortNeed; name: string; from: Record<EntryKind, string> };
const ports: Port[] = [
  {
    need: "objects",
    name: "connectObjects",
    from: { process: "#lib/object-store/connect.ts", worker: "#lib/object-store/connect-worker.ts" },
  },
  {
    need: "cache",
    name: "connectCache",
    from: { process: "#lib/cache/connect.ts", worker: "#lib/cache/connect-worker.ts" },
  },
  {
    need: "sight",
    name: "connectSight",
    // Frames never reach workerd.
    from: { process: "#lib/vision/connect.ts", worker: "#lib/vision/connect.ts" },
  },
];

/** `moduleOf`: where a function is exported from; `connectFrom` replaces a port's `connect.ts`. */
export const entryText = (
  functions: readonly Listed[],
  kind: EntryKind,
  options: { moduleOf?: (listed: Listed) => string; connectFrom?: Partial<Record<PortNeed, string>> } = {},
): string => {
  const moduleOf =
    options.moduleOf ?? (({ context, definition }) => `#functions/${context}/${definition.name}/function.ts`);
  const catalogue = nested(functions);
  const needs = needsOf(catalogue);
  const used = ports.filter(({ need }) => needs.has(need));
  const contexts = Object.entries(catalogue).map(([context, own]) => {
    const lines = Object.keys(own).map((name) => `${JSON.stringify(name)}: ${camel(name)}`);
    return `  ${JSON.stringify(context)}: { ${lines.join(", ")} },`;
  });
  const connectors = `{ ${used.map(({ need, name }) => `${need}: ${name}`).join(", ")} }`;
  return [
    ...functions.map(
      (listed) => `import { ${camel(listed.definition.name)} } from ${JSON.stringify(moduleOf(listed))};`,
    ),
    ...used.map(
      ({ need, name, from }) => `import { ${name} } from ${JSON.stringify(options.connectFrom?.[need] ?? from[kind])};`,
    ),
    kind === "process"
      ? 'import { runProcess } from "#lib/function/process.ts";'
      : 'import { workerFor } from "#lib/function/worker.ts";',
    `const catalogue = {`,
    ...contexts,
    `};`,
    kind === "process"
      ? `await runProcess(catalogue, ${connectors});`
      : `export default workerFor(catalogue, ${connectors});`,
    "",
  ].join("\n");
};

const nested = (functions: readonly Listed[]): Record<string, Record<string, AnyFunction>> => {
  const catalogue: Record<string, Record<string, AnyFunction>> = {};
  for (const { context, definition } of functions) (catalogue[context] ??= {})[definition.name] = definition;
  return catalogue;
};
