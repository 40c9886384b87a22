import { uuidv7 } from "#lib/ids.ts";
import { sitePlateOf } from "#lib/wire/site-looks.ts";
import { tinyJpeg } from "#test/harness/plates.ts";
import { foundOf, plate } from "#test/harness/sight.ts";
import { line, type Line } from "./line.ts";

const JPEG = tinyJpeg.toString("base64");

export const ai: Record<string, Line> = {
  "count-vehicles": line(200, async ({ alert }) => {
    const { cidade_id, operator } = await alert();
    return { path: `/api/vehicle-counts?cidade_id=${cidade_id}`, as: operator };
  }),
  "acknowledge-alert": line(200, async ({ alert }) => {
    const { alert_id, operator } = await alert();
    return { path: `/api/alerts/${alert_id}/acknowledge`, body: {}, as: operator };
  }),
  "correct-plate": line(201, async ({ alert }) => {
    const { read_id, operator } = await alert();
    const body = { plate: "ABC1D24", reason: "visto na imagem" };
    return { path: `/api/plates/${read_id}/corrections`, body, as: operator };
  }),
  "create-watchlist": line(201, async ({ cidade_id, operator }) => ({
    path: "/api/watchlists",
    body: { cidade_id, nome: "Procurados" },
    as: operator,
  })),
  "create-watchlist-entry": line(201, async ({ operator, entry }) => ({
    path: "/api/watchlist-entries",
    body: await entry(),
    as: operator,
  })),
  "list-alerts": line(200, async ({ alert }) => {
    const { cidade_id, operator } = await alert();
    return { path: `/api/alerts?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-plates": line(200, async ({ alert }) => {
    const { cidade_id, operator } = await alert();
    return { path: `/api/plates?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-watchlist-entries": line(200, async ({ cidade_id, operator, entry, made }) => {
    await made("/api/watchlist-entries", await entry());
    return { path: `/api/watchlist-entries?cidade_id=${cidade_id}`, as: operator };
  }),
  "list-watchlists": line(200, async ({ cidade_id, operator, watchlist }) => {
    await watchlist();
    return { path: `/api/watchlists?cidade_id=${cidade_id}`, as: operator };
  }),
  "read-alert": line(200, async ({ alert }) => {
    const { alert_id, operator } = await alert();
    return { path: `/api/alerts/${alert_id}`, as: operator };
  }),
  "read-plate": line(200, async ({ alert }) => {
    const { read_id, operator } = await alert();
    return { path: `/api/plates/${read_id}`, as: operator };
  }),
  "receive-lpr-event": line(202, async ({ host, cidade_id }) => ({
    path: "/api/lpr/events",
    body: { plate: "ABC1D23", confidence: 0.9, detected_at: new Date().toISOString() },
    as: await host.asCamera(cidade_id),
  })),
  "receive-site-looks": line(200, async ({ camera }) => {
    const { agent, camera_id } = await camera();
    const body = {
      frame_id: uuidv7(),
      camera_id,
      captured_at: new Date().toISOString(),
      reader_version: "test-1",
      picture: { width: 1280, height: 720 },
      plates: [sitePlateOf(foundOf(plate("ABC1D23")))],
      carriers: null,
      passers: [],
      photographs: { scene: JPEG, plates: [{ of: 0, plate: JPEG }] },
    };
    return { path: "/api/agents/looks", body, as: agent };
  }),
  "remove-watchlist-entry": line(204, async ({ operator, entry, made }) => ({
    path: `/api/watchlist-entries/${(await made("/api/watchlist-entries", await entry())).id}`,
    method: "DELETE",
    as: operator,
  })),
  "search-plates": line(200, async ({ alert }) => {
    const { cidade_id, operator } = await alert();
    const body = { cidade_ids: [cidade_id], plate: "?BC1*", purpose: "stolen_vehicle" };
    return { path: "/api/plates/search", body, as: operator };
  }),
};
