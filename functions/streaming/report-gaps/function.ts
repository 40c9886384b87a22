import { http } from "#lib/function/define.ts";
import { GapReport, Nothing } from "../contract.ts";
import { writeGap } from "../gaps.ts";

export const reportGaps = http({
  name: "report-gaps",
  summary: "Keeps why an agent has not recorded",
  http: { method: "POST", path: "/api/agents/gaps", access: "agent", status: 204 },
  needs: ["sql", "ids"],
  input: GapReport,
  output: Nothing,
  async handle({ gaps }, { sql, ids, caller }) {
    const cidade_id = caller.cities[0] ?? "";
    const wanted = [...new Set(gaps.map(({ camera_id }) => camera_id))];
    const rows = await sql<
      { camera_id: string }[]
    >`select camera_id from camera_directory where cidade_id = ${cidade_id} and camera_id = any (${wanted}::uuid[])`;
    const known = new Set(rows.map(({ camera_id }) => camera_id));
    for (const { starts_at, ends_at, ...gap } of gaps.filter(({ camera_id }) => known.has(camera_id))) {
      await writeGap(sql, {
        ...gap,
        cidade_id,
        id: ids(),
        starts_at: new Date(starts_at),
        ends_at: ends_at === null ? null : new Date(ends_at),
      });
    }
    return null;
  },
});
