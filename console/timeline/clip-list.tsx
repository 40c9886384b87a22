/** Clips, newest first, as many as are asked for; the same on a camera's page and on the page of all. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { Action } from "#console/ui/parts.tsx";
import { Answer, Empty } from "#console/ui/states.tsx";
import { ClipCard } from "./clip-card.tsx";
import { clipsQuery, type ClipFilter } from "./clips-query.ts";

type Props = ClipFilter & {
  zone: string;
  limit?: number;
  emptyHint: string;
  heading: "h2" | "h3";
  nameOf(camera_id: string): string | null;
};

export const ClipList = ({ zone, limit, emptyHint, heading, nameOf, ...filter }: Props) => {
  const m = useMessages();
  const clips = useInfiniteQuery(clipsQuery(useAsk(), filter, limit));
  return (
    <Answer of={clips}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0) return <Empty title={m.clips.empty} hint={emptyHint} />;
        return (
          <>
            <ul className="clips">
              {items.map((clip) => (
                <ClipCard key={clip.id} clip={clip} zone={zone} camera={nameOf(clip.camera_id)} heading={heading} />
              ))}
            </ul>
            {clips.hasNextPage ? (
              <Action isDisabled={clips.isFetchingNextPage} onPress={() => void clips.fetchNextPage()}>
                {m.common.more}
              </Action>
            ) : null}
          </>
        );
      }}
    </Answer>
  );
};
