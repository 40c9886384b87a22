/** Catalogue → what people read: a table per context, the list of permissions. */
import type { Access, AnyFunction, Catalogue } from "../define.ts";
import { permissions } from "../permissions.ts";
import { compare, entriesOf } from "./names.ts";

const BEGIN = "<!-- functions: written by `npm run derive` -->";
const END = "<!-- /functions -->";

/** `readme` with the table of the context's functions between the markers; without markers it is added at the end. */
export const withTable = (readme: string, catalogue: Catalogue, context: string): string => {
  const table = `${BEGIN}\n\n${tableOf(catalogue, context)}\n\n${END}`;
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) return `${readme.trimEnd()}\n\n## Functions\n\n${table}\n`;
  return readme.slice(0, begin) + table + readme.slice(end + END.length);
};

const tableOf = (catalogue: Catalogue, context: string): string => {
  const rows = Object.values(catalogue[context] ?? {})
    .toSorted((a, b) => compare(a.name, b.name))
    .map((one) =>
      row([`[${one.name}](${one.name}/function.ts)`, one.summary, triggerOf(one), callerOf(one), one.needs.join(" ")]),
    );
  return [
    row(["function", "what it does", "trigger", "who may", "needs"]),
    row(["---", "---", "---", "---", "---"]),
    ...rows,
  ].join("\n");
};

export const permissionsText = (catalogue: Catalogue): string => {
  const rows = permissions.map((permission) => {
    const uses = entriesOf(catalogue)
      .filter(
        ({ definition }) =>
          "http" in definition &&
          typeof definition.http.access === "object" &&
          definition.http.access.permission === permission,
      )
      .map(({ definition }) => definition.name)
      .toSorted(compare);
    return row([`\`${permission}\``, uses.join(", ") || "nothing yet"]);
  });
  const others = (["session", "agent", "camera", "anyone"] as const).map((access) => {
    const uses = entriesOf(catalogue)
      .filter(({ definition }) => "http" in definition && definition.http.access === access)
      .map(({ definition }) => definition.name)
      .toSorted(compare);
    return row([whoOf(access), uses.join(", ") || "nothing yet"]);
  });
  return [
    "# Permissions",
    "",
    "Written by `npm run derive`. A role holds permissions, a user holds roles in one city or in every city; a permission counts in the cities where a role with it is held.",
    "",
    row(["permission", "functions"]),
    row(["---", "---"]),
    ...rows,
    "",
    "Without a permission:",
    "",
    row(["who", "functions"]),
    row(["---", "---"]),
    ...others,
    "",
  ].join("\n");
};

export const triggerOf = (definition: AnyFunction): string => {
  if ("http" in definition) return `\`${definition.http.method} ${definition.http.path}\``;
  if ("queue" in definition) return `event \`${definition.queue.event.type}\``;
  if ("cron" in definition) return `\`${definition.cron.schedule}\` ${definition.cron.timezone}`;
  return "frames";
};

const callerOf = (definition: AnyFunction): string =>
  "http" in definition ? whoOf(definition.http.access) : "the system";

const whoOf = (access: Access): string => {
  if (typeof access === "object") return `\`${access.permission}\`${access.cities === "all" ? " in every city" : ""}`;
  return { anyone: "anyone", session: "a signed-in user", agent: "an agent", camera: "a camera's key" }[access];
};

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
