import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Clip } from "#functions/streaming/contract.ts";
import type { Ask } from "#console/session/session-context.tsx";

export type ClipFilter = { cidade_id: string; camera_id?: string | undefined };

/** A notification says when a clip is ready; asking again is for the day on which it does not come. */
const ASK_AGAIN_MS = 5000;
const isUnfinished = ({ status }: Clip): boolean => status === "PENDING" || status === "CUTTING";

export const clipsQuery = (ask: Ask, { cidade_id, camera_id }: ClipFilter, limit = 20) =>
  infiniteQueryOptions({
    queryKey: ["clips", cidade_id, camera_id ?? "all", limit],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      ask(
        "list-clips",
        { cidade_id, limit, ...(camera_id ? { camera_id } : {}), ...(pageParam === null ? {} : { cursor: pageParam }) },
        { signal },
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(isUnfinished)) ? ASK_AGAIN_MS : false,
  });
