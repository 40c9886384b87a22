import { cron, type Needs } from "#lib/function/define.ts";
import { isModest, listPlans, plannedEnd, slicesUntil, tooMuch, type Plan, type Run } from "#lib/retention/plans.ts";
import { mustBeOurStore } from "#lib/retention/store-identity.ts";
import {
  countExpiredReads,
  deleteSomeOrphans,
  deleteSomeReads,
  deleteSomeReleased,
  listReadDays,
  type Position,
} from "../expired-reads.ts";
import { deleteOldPosts } from "../raw-posts.ts";

type Needed = Needs<["transaction", "objects", "clock", "ids"]>;

export const deleteExpiredReads = cron({
  name: "delete-expired-reads",
  summary:
    "Deletes plate reads older than their city's plan, pictures first; what an alert or a hold needs is kept apart",
  cron: { schedule: "40 3 * * *", timezone: "America/Sao_Paulo" },
  role: "gt_system",
  timeout_seconds: 3600,
  needs: ["transaction", "objects", "clock", "ids"],
  async handle(_input, needs) {
    await mustBeOurStore(needs);
    const run: Run = { now: needs.clock(), days: await needs.transaction(({ sql }) => listReadDays(sql)) };
    const refused: string[] = [];
    for (const plan of await needs.transaction(({ sql }) => listPlans(sql))) {
      const count = await needs.transaction(({ sql }) => countExpiredReads(sql, plan, run));
      if (isModest(count, plan.days)) await clean(needs, run, plan);
      else refused.push(plan.cidade_id);
    }
    if (refused.length > 0) throw tooMuch("plate reads", refused);
  },
});

const clean = async (needs: Needed, { now, days }: Run, { cidade_id, ...plan }: Plan): Promise<void> => {
  const { transaction, objects, signal } = needs;
  const end = plannedEnd(now, plan.days);
  for (const slice of slicesUntil(days, end)) {
    let after: Position | null = null;
    do {
      signal.throwIfAborted();
      after = await transaction(({ sql }) => deleteSomeReads({ sql, objects }, cidade_id, slice, now, after));
    } while (after !== null);
  }
  do signal.throwIfAborted();
  while (await transaction(({ sql }) => deleteSomeReleased({ sql, objects }, cidade_id, now)));
  await transaction(({ sql }) => deleteOldPosts(sql, cidade_id, end));
  const cameras = await transaction(
    ({ sql }) => sql<{ camera_id: string }[]>`select camera_id from camera_directory where cidade_id = ${cidade_id}`,
  );
  for (const { camera_id } of cameras) {
    let after: string | undefined;
    do {
      signal.throwIfAborted();
      after = await transaction(({ sql }) => deleteSomeOrphans({ sql, objects }, { cidade_id, camera_id }, end, after));
    } while (after !== undefined);
  }
};
