/** Passages as they come, newest first. Who has scrolled down is not pushed away: what came since is counted. */
import { useEffect, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { PlateRead } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action, Toggle } from "#console/ui/parts.tsx";
import { Answer, Empty } from "#console/ui/states.tsx";
import { CameraPick } from "./camera-pick.tsx";
import { createPicturesKept } from "./pictures-kept.ts";
import { ReadCard } from "./read-card.tsx";

const SHOWN = 60;
const AT_TOP_PX = 80;

export const LivePlates = () => {
  const ask = useAsk();
  const { city } = useCity();
  const { camera, review } = useSearch({ strict: false }) as { camera?: string; review?: string };
  const toReview = review === "yes";
  const [kept] = useState(createPicturesKept);
  const reads = useQuery({
    queryKey: ["plates", city.id, camera ?? "all", toReview],
    queryFn: async ({ signal }) => {
      const reviewed = toReview ? { needs_review: true as const } : {};
      const query = { cidade_id: city.id, limit: SHOWN, ...reviewed, ...(camera ? { camera_id: camera } : {}) };
      return kept.keep((await ask("list-plates", query, { signal })).items, performance.now());
    },
  });
  return (
    <>
      <div className="reads-filter">
        <CameraPick value={camera} />
        <ReviewToggle isOn={toReview} />
      </div>
      <Answer of={reads}>
        {(items) => <Reads key={`${city.id} ${camera ?? ""} ${toReview}`} items={items} toReview={toReview} />}
      </Answer>
    </>
  );
};

const Reads = ({ items, toReview }: { items: readonly PlateRead[]; toReview: boolean }) => {
  const m = useMessages();
  const [held, hold] = useHeld(items);
  const shown = held ?? items;
  const known = new Set(shown.map(({ id }) => id));
  const waiting = items.filter(({ id }) => !known.has(id)).length;
  if (shown.length === 0) {
    return toReview ? (
      <Empty title={m.plates.noneToReview} hint={m.plates.noneToReviewHint} />
    ) : (
      <Empty title={m.plates.empty} hint={m.plates.emptyHint} />
    );
  }
  const showNew = (): void => {
    hold(null);
    document.getElementById("content")?.scrollTo({ top: 0 });
  };
  return (
    <>
      {waiting > 0 ? (
        <div className="reads-new">
          <Action kind="primary" onPress={showNew}>
            {m.plates.newOnes(waiting)}
          </Action>
        </div>
      ) : null}
      <ul className="reads" aria-label={m.plates.liveTab}>
        {shown.map((read) => (
          <ReadCard key={read.id} read={read} />
        ))}
      </ul>
    </>
  );
};

/** What was shown when somebody scrolled down; null at the top, where everything is shown as it comes. */
const useHeld = (items: readonly PlateRead[]) => {
  const state = useState<readonly PlateRead[] | null>(null);
  const [, hold] = state;
  useEffect(() => {
    const content = document.getElementById("content");
    if (!content) return;
    const onScroll = (): void => hold((before) => (content.scrollTop < AT_TOP_PX ? null : (before ?? items)));
    content.addEventListener("scroll", onScroll, { passive: true });
    return () => content.removeEventListener("scroll", onScroll);
  }, [items, hold]);
  return state;
};

const ReviewToggle = ({ isOn }: { isOn: boolean }) => {
  const m = useMessages();
  const navigate = useNavigate();
  return (
    <Toggle
      label={m.plates.toReviewOnly}
      isOn={isOn}
      onChange={(on) =>
        void navigate({ to: "/plates", search: (before) => ({ ...before, review: on ? "yes" : undefined }) })
      }
    />
  );
};
