import { cron, type Needs } from "#lib/function/define.ts";
import {
  isModest,
  listPlans,
  plannedEnd,
  slicesUntil,
  tooMuch,
  type Plan,
  type Run,
  type Slice,
} from "#lib/retention/plans.ts";
import { mustBeOurStore } from "#lib/retention/store-identity.ts";
import { deleteEndedGaps } from "../gaps.ts";
import { deleteThumbnails } from "../last-frames.ts";
import { countExpiredSegments, deleteSome, type Position } from "../retention.ts";
import { listDays } from "../segments.ts";

type Needed = Needs<["transaction", "objects", "clock", "ids"]>;

export const deleteExpiredRecordings = cron({
  name: "delete-expired-recordings",
  summary: "Deletes what is older than its city's plan: bytes first, then rows; held segments stay",
  cron: { schedule: "10 3 * * *", timezone: "America/Sao_Paulo" },
  role: "gt_system",
  timeout_seconds: 3600,
  needs: ["transaction", "objects", "clock", "ids"],
  async handle(_input, needs) {
    await mustBeOurStore(needs);
    const run: Run = { now: needs.clock(), days: await needs.transaction(({ sql }) => listDays(sql)) };
    const refused: string[] = [];
    for (const plan of await needs.transaction(({ sql }) => listPlans(sql))) {
      const count = await needs.transaction(({ sql }) => countExpiredSegments(sql, plan, run));
      if (isModest(count, plan.days)) await clean(needs, run, plan);
      else refused.push(plan.cidade_id);
    }
    if (refused.length > 0) throw tooMuch("video", refused);
  },
});

const clean = async (needs: Needed, { now, days }: Run, { cidade_id, ...plan }: Plan): Promise<void> => {
  const end = plannedEnd(now, plan.days);
  for (const slice of slicesUntil(days, end)) await cleanSlice(needs, cidade_id, slice, now);
  await needs.transaction(({ sql }) => deleteEndedGaps(sql, cidade_id, end));
  const cameras = await needs.transaction(
    ({ sql }) => sql<{ camera_id: string }[]>`select camera_id from camera_directory where cidade_id = ${cidade_id}`,
  );
  for (const { camera_id } of cameras) {
    needs.signal.throwIfAborted();
    await deleteThumbnails(needs.objects, { cidade_id, camera_id }, end);
  }
};

const cleanSlice = async (needs: Needed, cidade_id: string, slice: Slice, now: Date): Promise<void> => {
  let after: Position | null = null;
  do {
    needs.signal.throwIfAborted();
    const { objects } = needs;
    after = await needs.transaction(({ sql }) => deleteSome({ sql, objects }, cidade_id, slice, now, after));
  } while (after !== null);
};
