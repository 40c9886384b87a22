/** A city with a plate camera, for the tests of everything that begins with a read. */
import type { Permission } from "#lib/function/permissions.ts";
import type { TestHost } from "./host.ts";

export const everythingOfPlates: Permission[] = [
  "plates.view",
  "plates.search",
  "plates.correct",
  "watchlists.manage",
  "alerts.view",
  "alerts.handle",
];

/** The smallest bytes with a JPEG's beginning and end. */
export const tinyJpeg = Buffer.from("ffd8ffe000104a46494600010100000100010000ffd9", "hex");

export const plateCity = async (host: TestHost) => {
  const city = await host.city();
  const camera = await host.asCamera(city.id);
  const operator = await host.as(everythingOfPlates, [city.id]);
  return {
    cidade_id: city.id,
    camera,
    operator,
    /** Posts a read and lets everything that follows happen; answers its id. */
    async read(plate: string | null, more: Record<string, unknown> = {}): Promise<string> {
      const detected_at = host.clock().toISOString();
      const posted = await camera.post("/api/lpr/events", { plate, confidence: 0.9, detected_at, ...more });
      if (posted.status !== 202) throw new Error(`The read was refused: ${JSON.stringify(posted.body)}`);
      await host.drain();
      return posted.body.id;
    },
    async watch(plate: string, more: Record<string, unknown> = {}) {
      const list = await operator.post("/api/watchlists", {
        cidade_id: city.id,
        nome: `Lista de ${plate}`,
        priority: "critical",
      });
      const expires_at = new Date(host.clock().getTime() + 86_400_000).toISOString();
      const entry = { cidade_id: city.id, watchlist_id: list.body.id, plate, reason: "furto", expires_at, ...more };
      return (await operator.post("/api/watchlist-entries", entry)).body;
    },
  };
};
