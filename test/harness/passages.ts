/** Who passed before the demonstration's cameras and what was read of them, to hold one against the other. */
import type { PlateRead } from "#functions/ai/contract.ts";
import type { DemoCity, Drawn } from "./demo-city.ts";
import type { Api } from "./system.ts";

export type Passed = Omit<Drawn, "index" | "frame"> & { camera_id: string; at_ms: number };

/** A read has the time of its first look, which comes some seconds before a vehicle is nearest. */
export const NEAR_MS = 12_000;

/** Who came to be nearest to a camera in this time, the oldest first. */
export const passedBetween = async (city: DemoCity, from_ms: number, to_ms: number): Promise<Passed[]> => {
  const passed = await Promise.all(
    city.drawn.map(async ({ index, frame, ...drawn }) => {
      const { camera_id } = city.cameras[index]!;
      const sent = await city.sent(camera_id, frame);
      return sent.map(({ at_ms }) => ({ ...drawn, camera_id, at_ms }));
    }),
  );
  return passed
    .flat()
    .filter(({ at_ms }) => at_ms > from_ms && at_ms < to_ms)
    .toSorted((a, b) => a.at_ms - b.at_ms);
};

/** Of the first city, the newest first. */
export const readsSince = async (api: Api, since_ms: number): Promise<PlateRead[]> => {
  const { body: cities } = await api<{ items: { id: string }[] }>("GET", "/api/cities");
  const found: PlateRead[] = [];
  const about = `cidade_id=${cities.items[0]?.id}&limit=200&from=${new Date(since_ms).toISOString()}`;
  for (let cursor: string | null = ""; cursor !== null;) {
    type Answer = { items: PlateRead[]; next_cursor: string | null };
    const { body }: { body: Answer } = await api<Answer>("GET", `/api/plates?${about}${cursor && `&cursor=${cursor}`}`);
    found.push(...body.items);
    cursor = body.next_cursor;
  }
  return found;
};

export const framesRead = async (api: Api, since_ms: number): Promise<PlateRead[]> =>
  (await readsSince(api, since_ms)).filter(({ source }) => source === "frame");

/** What was read before this camera about the time at which it passed. */
export const readsNear = (reads: readonly PlateRead[], { camera_id, at_ms }: Passed): PlateRead[] =>
  reads.filter((read) => read.camera_id === camera_id && Math.abs(Date.parse(read.captured_at) - at_ms) < NEAR_MS);

export const isReadAsDrawn = (reads: readonly PlateRead[], passed: Passed): boolean =>
  readsNear(reads, passed).some(({ plate }) => plate === passed.plate);
