import { queryOptions } from "@tanstack/react-query";
import type { Ask } from "#console/session/session-context.tsx";

/** Every camera of a city: some two hundred are one page; beyond that the lists continue page by page. */
export const camerasQuery = (ask: Ask, cidade_id: string) =>
  queryOptions({
    queryKey: ["cameras", cidade_id],
    queryFn: async ({ signal }) => {
      const items: Awaited<ReturnType<typeof ask<"list-cameras">>>["items"] = [];
      let cursor: string | undefined;
      do {
        const page = await ask("list-cameras", { cidade_id, limit: 200, ...(cursor ? { cursor } : {}) }, { signal });
        items.push(...page.items);
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      return { items };
    },
    refetchInterval: 30_000,
  });
