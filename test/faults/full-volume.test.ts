import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lookInside } from "#test/harness/look-inside.ts";
import { makePlateCamera, plateClient } from "#test/harness/plate-client.ts";
import { smallVolume } from "#test/harness/small-volume.ts";
import { signIn, startSystem, until, type Api, type RunningSystem } from "#test/harness/system.ts";

const volume = smallVolume(600);
/** What was promised: seconds after space returns. */
const RECOVERED_MS = 30_000;

describe.skipIf(volume === null)("a volume that somebody else fills to the last byte", () => {
  let system: RunningSystem;
  let api: Api;

  beforeAll(async () => {
    system = await startSystem({ data: `${volume?.path}/data`, args: ["--no-demo"] });
    api = await signIn(system);
  });
  afterAll(async () => {
    await system?.stop();
    volume?.remove();
  });

  test(
    "loses nothing acknowledged, answers 503 with Retry-After, and goes on once there is space",
    { timeout: 240_000 },
    async () => {
      const { cidade_id, key } = await makePlateCamera(api, "Rua cheia");
      const client = plateClient(system, key);
      await client.post(200);
      volume?.fill();
      const posting = client.post(1200);
      await until("refusals", 90_000, () => ((client.refusals.get(503) ?? 0) >= 40 ? true : undefined));
      // It grows on what is freed by rotation and clean-up: every crumb is taken again.
      volume?.fill();
      await until("more refusals", 60_000, () => ((client.refusals.get(503) ?? 0) >= 120 ? true : undefined));
      const before = client.acknowledged.length;
      volume?.empty();
      await until("acknowledgements again", RECOVERED_MS, () =>
        client.acknowledged.length > before ? true : undefined,
      );
      await posting;

      expect(client.acknowledged.length).toBe(1200);
      expect(client.without_retry_after).toBe(0);
      expect([...client.refusals.keys()]).toEqual([503]);
      const kept = await until("every acknowledged event", 120_000, async () => {
        const [row] = await lookInside(
          system,
          (sql) => sql<{ events: number; names: number }[]>`
          select count(*)::int as events, count(distinct source_event_id)::int as names from lpr_events
          where cidade_id = ${cidade_id}`,
        );
        return row && row.names >= 1200 ? row : undefined;
      });
      expect(kept).toEqual({ events: 1200, names: 1200 });
    },
  );
});
