import { beforeEach, describe, expect, test } from "vitest";
import type { Hono } from "hono";
import type { Frame } from "#lib/frames/frames.ts";
import { uuidv7 } from "#lib/ids.ts";
import { AppError } from "#lib/errors.ts";
import { statusOf } from "#lib/function/problem.ts";
import { ingestRoutes } from "./frames.ts";

const [cidade_id, camera_id] = [uuidv7(), uuidv7()];
let taken: Frame[] = [];
let routes: Hono;
beforeEach(() => {
  taken = [];
  routes = ingestRoutes({
    frames: { offer: async (frame: Frame) => (taken.push(frame), true) } as never,
    agentOf: async () => ({ agent_id: uuidv7(), cidade_id }),
    cameraInCity: async (_city, id) => id === camera_id,
    clock: () => new Date(),
  });
  routes.onError((error, context) =>
    error instanceof AppError ? context.text(error.code, statusOf[error.code] as 400) : context.text("", 500),
  );
});

const post = async (headers: Record<string, string> = {}): Promise<number> => {
  const response = await routes.request("/ingest", {
    method: "POST",
    headers: {
      "content-type": "video/h264",
      "x-camera-id": camera_id,
      "x-frame-id": uuidv7(),
      "x-captured-at": String(Date.now()),
      ...headers,
    },
    body: "frame",
  });
  return response.status;
};

describe("a frame from an agent", () => {
  test("is taken for its city's camera, and is not marked unless the agent says so", async () => {
    expect(await post()).toBe(202);
    expect(taken).toMatchObject([{ cidade_id, camera_id, format: "h264" }]);
    expect(taken[0]).not.toHaveProperty("read_at_site");
  });

  test("whose plates were read at its site is marked for who would read it again", async () => {
    expect(await post({ "x-read-at-site": "true" })).toBe(202);
    expect(taken).toMatchObject([{ camera_id, read_at_site: true }]);
  });

  test("with a mark of another form is refused: nobody guesses whether it was read", async () => {
    expect(await post({ "x-read-at-site": "no" })).toBe(400);
    expect(taken).toEqual([]);
  });

  test("of a camera that the city does not have is refused", async () => {
    expect(await post({ "x-camera-id": uuidv7() })).toBe(404);
    expect(taken).toEqual([]);
  });
});
