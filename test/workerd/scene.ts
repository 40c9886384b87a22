/** A city of its own with whoever may ask, for one request: two scenes of one request differ in ids and times only. */
import { createHash } from "node:crypto";
import { permissions } from "#lib/function/permissions.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { TestClient, TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

export const RTSP = "rtsp://operador:segredo@192.168.7.7:554/ch1";
const SEGMENT = Buffer.from("as many bytes as a segment needs here");
export const SHA256 = createHash("sha256").update(SEGMENT).digest("hex");

export type Scene = Awaited<ReturnType<typeof sceneOf>>;

export const sceneOf = async (host: TestHost) => {
  const { id: cidade_id } = await host.city();
  const operator = await host.as(permissions, [cidade_id]);
  const root = await host.as(permissions, "all");
  const made = async <T = { id: string }>(path: string, body: unknown, by: TestClient = operator): Promise<T> => {
    const { status, body: answer } = await by.post(path, body);
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
    return answer as T;
  };
  const sql = host.database.owner;
  const scene = {
    host,
    cidade_id,
    operator,
    root,
    made,
    sql,
    agent: () => host.asAgent(cidade_id),
    /** With an agent, an address and a running recording. */
    async camera() {
      const agent = await scene.agent();
      const camera = await made("/api/cameras", { cidade_id, nome: "Portão", url_rtsp: RTSP, record: false });
      const recording = await made("/api/recordings/start", { camera_id: camera.id });
      return { agent, camera_id: camera.id, recording_id: recording.id };
    },
    /** A segment as the agent reports it; `stored`: its bytes are in the object store. */
    async segment(stored = true) {
      const { agent, camera_id, recording_id } = await scene.camera();
      const started = new Date(Date.now() - 60_000);
      const [captured_at, wall_end] = [started.toISOString(), new Date(started.getTime() + 10_000).toISOString()];
      const segment = {
        id: uuidv7(),
        camera_id,
        recording_id,
        captured_at,
        wall_end,
        journalled_at: wall_end,
        media_duration_ms: 10_000,
        clock_offset_ms: 0,
        boot_id: uuidv7(),
        sequence: 1,
        codec: "avc1.64001f",
        width: 320,
        height: 180,
        bytes: SEGMENT.byteLength,
        sha256: SHA256,
        init_length: 10,
        fragments: [{ offset: 10, length: 20, start_ms: 0, duration_ms: 10_000 }],
      };
      const key = `${cidade_id}/${camera_id}/${segment.boot_id}-${"1".padStart(20, "0")}.mp4`;
      if (stored) await host.objects.put("recordings", key, SEGMENT, { content_type: "video/mp4" });
      return { agent, camera_id, segment, from: captured_at, to: wall_end };
    },
    /** A reported segment, and what a person asks of its time. */
    async recorded() {
      const { agent, segment, camera_id, from, to } = await scene.segment();
      await made("/api/agents/segments", { segments: [segment] }, agent);
      return { camera_id, from, to };
    },
    async clip() {
      const { camera_id, from, to } = await scene.recorded();
      return made("/api/clips", { camera_id, start_time: from, end_time: to });
    },
    async probe() {
      const agent = await scene.agent();
      return { agent, probe: await made("/api/probes", { cidade_id, url_rtsp: RTSP }) };
    },
    async watchlist() {
      return made("/api/watchlists", { cidade_id, nome: "Furtados", priority: "critical" });
    },
    async entry() {
      const { id: watchlist_id } = await scene.watchlist();
      const expires_at = new Date(Date.now() + 86_400_000).toISOString();
      return { cidade_id, watchlist_id, plate: "ABC1D23", reason: "furto", expires_at };
    },
    /** A city in which a watched plate was read. */
    async alert() {
      const city = await plateCity(host);
      await city.watch("ABC1D23");
      const read = await city.read("ABC1D23", { event_id: "1", image: tinyPicture });
      const alerts = await city.operator.get(`/api/alerts?cidade_id=${city.cidade_id}`);
      return { ...city, read_id: read, alert_id: alerts.body.items[0].id as string };
    },
  };
  return scene;
};

/** One grey pixel. */
const tinyPicture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
