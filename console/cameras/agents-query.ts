import { queryOptions } from "@tanstack/react-query";
import type { Ask } from "#console/session/session-context.tsx";

export const agentsQuery = (ask: Ask, cidade_id: string) =>
  queryOptions({
    queryKey: ["agents", cidade_id],
    queryFn: ({ signal }) => ask("list-agents", { cidade_id, limit: 200 }, { signal }),
    refetchInterval: 30_000,
  });
