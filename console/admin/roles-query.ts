import { queryOptions } from "@tanstack/react-query";
import type { Ask } from "#console/session/session-context.tsx";

export const rolesQuery = (ask: Ask) =>
  queryOptions({ queryKey: ["roles"], queryFn: ({ signal }) => ask("list-roles", { limit: 200 }, { signal }) });
