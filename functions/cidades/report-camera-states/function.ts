import { http } from "#lib/function/define.ts";
import { writeStates } from "../cameras.ts";
import { CameraStates, Nothing, StreamHealthCheck } from "../contract.ts";

export const reportCameraStates = http({
  name: "report-camera-states",
  summary: "Keeps how an agent's cameras are, where it changed",
  http: { method: "POST", path: "/api/agents/camera-states", access: "agent", status: 204 },
  needs: ["sql", "outbox"],
  input: CameraStates,
  output: Nothing,
  async handle({ cameras }, { sql, outbox, caller }) {
    const cidade_id = caller.cities[0] ?? "";
    for (const { camera_id, status, cause, since_ms } of await writeStates(
      sql,
      { id: caller.id, cidade_id },
      cameras,
    )) {
      await outbox.add(
        StreamHealthCheck,
        { camera_id, cidade_id, status, cause, since_ms },
        { subject: camera_id, partition_key: camera_id },
      );
    }
    return null;
  },
});
