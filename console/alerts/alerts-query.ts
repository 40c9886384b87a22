import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Ask } from "#console/session/session-context.tsx";

/** Those that wait for somebody, newest first. Two hundred are more than anybody works through; the count then says "+". */
export const newAlertsQuery = (ask: Ask, cidade_id: string) =>
  queryOptions({
    queryKey: ["alerts", cidade_id, "new"],
    queryFn: ({ signal }) => ask("list-alerts", { cidade_id, status: "new", limit: 200 }, { signal }),
  });

export const doneAlertsQuery = (ask: Ask, cidade_id: string) =>
  infiniteQueryOptions({
    queryKey: ["alerts", cidade_id, "done"],
    queryFn: ({ signal, pageParam }) =>
      ask(
        "list-alerts",
        { cidade_id, status: "acknowledged", ...(pageParam ? { cursor: pageParam } : {}) },
        { signal },
      ),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
