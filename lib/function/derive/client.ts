/** Catalogue → what the console may ask for (`console/call.ts` asks): routes as data, types by name from the contracts. No zod in it. */
import type * as z from "zod";
import type { Catalogue } from "../define.ts";
import { exportedName, httpEntries, type Contracts, type HttpEntry } from "./names.ts";

export const clientText = (catalogue: Catalogue, contracts: Contracts): string => {
  const entries = httpEntries(catalogue).filter(isForTheConsole);
  const used = new Set<string>();
  const homeless: string[] = [];
  const refer = (context: string, schema: z.ZodType, which: string): string => {
    const exported = exportedName(contracts, context, schema);
    if (!exported) homeless.push(`${which} (functions/${context}/contract.ts)`);
    used.add(exported?.module ?? context);
    return `typeof ${exported?.module}.${exported?.name}`;
  };
  const shapes = entries.map(({ context, definition: { name, input, output } }) => {
    const answer = output.type === "null" ? "null" : `z.output<${refer(context, output, `the output of ${name}`)}>`;
    const asked = `z.input<${refer(context, input, `the input of ${name}`)}>`;
    return `  ${JSON.stringify(name)}: { input: ${asked}; output: ${answer} };`;
  });
  if (homeless.length > 0) throw new Error(`The console knows contracts only, export there: ${homeless.join(", ")}`);
  const routes = entries.map(({ definition }) => {
    const { method, path, access } = definition.http;
    const parts = [`method: ${JSON.stringify(method)}`, `path: ${JSON.stringify(path)}`];
    if (access === "anyone") parts.push("anyone: true");
    return `  ${JSON.stringify(definition.name)}: { ${parts.join(", ")} },`;
  });
  return [
    "/** Written by `npm run derive` from functions/catalogue.ts. Changes here are lost. */",
    'import type * as z from "zod";',
    ...[...used]
      .toSorted()
      .map((module) => `import type * as ${module} from ${JSON.stringify(contracts[module]?.from)};`),
    "",
    "export type Api = {",
    ...shapes,
    "};",
    "",
    "export type Route = {",
    '  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";',
    "  path: string;",
    "  /** Asked without a session. */",
    "  anyone?: true;",
    "};",
    "",
    "export const routes: Record<keyof Api, Route> = {",
    ...routes,
    "};",
    "",
  ].join("\n");
};

/** Agents and cameras speak for themselves, and raw bytes are no business of a page. */
const isForTheConsole = ({ definition: { http, needs } }: HttpEntry): boolean =>
  http.access !== "agent" && http.access !== "camera" && !needs.includes("rawBody");
