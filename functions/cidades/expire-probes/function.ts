import { cron } from "#lib/function/define.ts";
import { PROBE_SECONDS } from "../probes.ts";

export const expireProbes = cron({
  name: "expire-probes",
  summary: "Ends probes that no agent answered and wipes their addresses",
  cron: { schedule: "* * * * *", timezone: "UTC" },
  role: "gt_system",
  needs: ["sql", "clock"],
  async handle(_input, { sql, clock }) {
    const now = clock();
    await sql`update camera_probes set status = 'timeout', url_rtsp = null, finished_at = ${now}
      where status = 'pending' and created_at < ${new Date(now.getTime() - PROBE_SECONDS * 1000)}`;
  },
});
