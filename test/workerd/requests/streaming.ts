import { SHA256 } from "../scene.ts";
import { line, type Line } from "./line.ts";

export const streaming: Record<string, Line> = {
  "create-clip": line(202, async ({ operator, recorded }) => {
    const { camera_id, from, to } = await recorded();
    return { path: "/api/clips", body: { camera_id, start_time: from, end_time: to }, as: operator };
  }),
  "download-clip": line(200, async ({ operator, clip, sql }) => {
    const { id } = await clip();
    await sql`update clips set status = 'READY', storage_path = ${`${id}.mp4`}, sha256 = ${SHA256}, bytes = 37 where id = ${id}`;
    return { path: `/api/clips/${id}/download`, body: {}, as: operator };
  }),
  "list-clips": line(200, async ({ cidade_id, operator, clip }) => {
    await clip();
    return { path: `/api/clips?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-segments": line(200, async ({ operator, recorded }) => ({
    path: `/api/segments?${new URLSearchParams(await recorded())}`,
    as: operator,
  })),
  "open-stream": line(200, async ({ operator, camera }) => ({
    path: "/api/streams/open",
    body: { camera_id: (await camera()).camera_id, action: "live" },
    as: operator,
  })),
  "read-clip": line(200, async ({ operator, clip }) => ({ path: `/api/clips/${(await clip()).id}`, as: operator })),
  "read-last-frame": line(200, async ({ operator, camera, host }) => {
    const { camera_id } = await camera();
    const kept = JSON.stringify({ key: `${camera_id}/last.jpg`, captured_at: new Date().toISOString() });
    await host.cache.set(`camera:${camera_id}:last_picture`, kept, { ttl_seconds: 60 });
    return { path: `/api/cameras/${camera_id}/last-frame`, as: operator };
  }),
  "read-timeline": line(200, async ({ operator, recorded }) => ({
    path: `/api/timeline?${new URLSearchParams(await recorded())}`,
    as: operator,
  })),
  "release-retention": line(200, async ({ cidade_id, operator }) => ({
    path: "/api/retention/release",
    body: { cidade_id },
    as: operator,
  })),
  "report-gaps": line(204, async ({ camera }) => {
    const { agent, camera_id } = await camera();
    const gap = { camera_id, starts_at: new Date().toISOString(), ends_at: null, cause: "camera", detail: null };
    return { path: "/api/agents/gaps", body: { gaps: [gap] }, as: agent };
  }),
  "report-segments": line(200, async ({ segment }) => {
    const reported = await segment();
    return { path: "/api/agents/segments", body: { segments: [reported.segment] }, as: reported.agent };
  }),
  "request-uploads": line(200, async ({ segment }) => {
    const { agent, segment: wanted } = await segment(false);
    const { id, camera_id, bytes, sha256, boot_id, sequence } = wanted;
    const body = { segments: [{ id, camera_id, bytes, sha256, boot_id, sequence }] };
    return { path: "/api/agents/segments/uploads", body, as: agent };
  }),
  "start-recording": line(200, async ({ operator, camera, made }) => {
    const { camera_id } = await camera();
    await made("/api/recordings/stop", { camera_id });
    return { path: "/api/recordings/start", body: { camera_id }, as: operator };
  }),
  "stop-recording": line(200, async ({ operator, camera }) => ({
    path: "/api/recordings/stop",
    body: { camera_id: (await camera()).camera_id },
    as: operator,
  })),
};
