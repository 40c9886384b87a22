/** Where the bytes wait: a slot per camera in Redis, bounded by count, bytes and age over all who write. */
import type { Redis } from "ioredis";
import { openLine } from "#lib/cache/redis/line.ts";
import { AppError } from "#lib/errors.ts";
import {
  MAX_REFUSED,
  MAX_REFUSED_BYTES,
  type Frame,
  type FrameCounts,
  type FrameFormat,
  type HeldFrame,
  type Refused,
} from "../frames.ts";
import type { Added } from "../waiting-room.ts";
import { COUNTS, OFFER, REFUSE, SETTLE, TAKE } from "./slots-lua.ts";

/** Of each consumer. */
export type Bounds = { frames: number; bytes: number; age_ms: number };
export type Turn = { consumer: string; lane: string; turn: string; attempt: number };
/** `became`: at each consumer. */
export type Offered = { became: Added[]; turns: Turn[] };
/** `next`: more of its camera waits. */
export type Taken = { held: HeldFrame; next: Turn | null };

/** `null`, of each: Redis is away. */
export type Slots = {
  offer(frame: Frame): Promise<Offered | null>;
  /** `"nothing"`: its frame has gone, or it was somebody else's turn meanwhile. */
  take(turn: Turn): Promise<Taken | "nothing" | null>;
  /** How often what is held for this turn was begun; 0: nothing is. */
  begun(turn: Turn): Promise<number | null>;
  settle(turn: Turn): Promise<void>;
  refuse(turn: Turn, reason: string): Promise<void>;
  /** The turn came to nothing: the next frame of its camera gets another. */
  forget(turn: Turn): Promise<void>;
  counts(): Promise<Record<string, FrameCounts> | null>;
  refused(): Promise<Refused[]>;
  close(): void;
};

/** Frames are large, and nobody waits for them on a screen. */
const DEADLINE_MS = 2000;
/** Longer than anybody looks at a frame; then it is forgotten with whoever held it. */
export const HOLD_MS = 600_000;
const PREFIX = "gt:frames:";

type Scripts = {
  framesOffer(prefix: string, ...args: (string | number | Buffer)[]): Promise<string[]>;
  framesTakeBuffer(prefix: string, ...args: (string | number)[]): Promise<[] | [Buffer, Buffer, Buffer]>;
  framesSettle(prefix: string, consumer: string, turn: string): Promise<unknown>;
  framesRefuse(prefix: string, ...args: (string | number)[]): Promise<unknown>;
  framesCounts(
    prefix: string,
    consumer: string,
    age: number,
    hold: number,
  ): Promise<[number, number, number, number, number, number]>;
};
const scripts = { Offer: OFFER, Take: TAKE, Settle: SETTLE, Refuse: REFUSE, Counts: COUNTS };

export const openSlots = async (
  url: string,
  consumers: readonly string[],
  bounds: Bounds,
  on: { error(error: unknown): void; back(): void },
): Promise<Slots> => {
  const line = await openLine(url, {
    name: "gt-vision frames",
    deadline_ms: DEADLINE_MS,
    on_error: on.error,
    on_back: on.back,
  });
  const ask: Ask = async (work) => line.ask((redis) => work(withScripts(redis)));
  const { age_ms } = bounds;

  return {
    offer: async (frame) => {
      const lane = laneOf(frame);
      const bytes = Buffer.from(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength);
      const limits = [bounds.frames, bounds.bytes, age_ms];
      const fresh = consumers.map(() => crypto.randomUUID());
      const args = [lane, frame.id, bytes.byteLength, headOf(frame), bytes, ...limits, ...fresh];
      const asked = await ask((redis) => redis.framesOffer(PREFIX, consumers.join(","), ...args));
      if (!asked) return null;
      const told = consumers.map((consumer, at) => {
        const [became, turn = ""] = asked.answer.slice(at * 2, at * 2 + 2);
        return { became: became as Added, turn: { consumer, lane, turn, attempt: 1 } };
      });
      return {
        became: told.map(({ became }) => became),
        turns: told.flatMap(({ turn }) => (turn.turn === "" ? [] : [turn])),
      };
    },
    take: async ({ consumer, lane, turn, attempt }) => {
      const args = [consumer, lane, turn, attempt, age_ms, HOLD_MS, crypto.randomUUID()];
      const asked = await ask((redis) => redis.framesTakeBuffer(PREFIX, ...args));
      if (!asked) return null;
      const [head, bytes, following] = asked.answer;
      if (!head || !bytes || !following) return "nothing";
      const next = following.length === 0 ? null : { consumer, lane, turn: String(following), attempt: 1 };
      return { held: { frame: frameOf(head, bytes), attempt }, next };
    },
    begun: async ({ consumer, turn }) => {
      const asked = await ask((redis) => redis.hget(`${PREFIX}${consumer}:hold:${turn}`, "attempt"));
      return asked && Number(asked.answer ?? 0);
    },
    settle: async ({ consumer, turn }) => void (await ask((redis) => redis.framesSettle(PREFIX, consumer, turn))),
    refuse: async ({ consumer, turn }, reason) =>
      void (await ask((redis) => redis.framesRefuse(PREFIX, consumer, turn, reason, MAX_REFUSED, MAX_REFUSED_BYTES))),
    forget: async ({ consumer, lane }) => void (await ask((redis) => redis.del(`${PREFIX}${consumer}:turn:${lane}`))),
    ...told(consumers, age_ms, ask),
    close: line.close,
  };
};

type Ask = <T>(work: (redis: Redis & Scripts) => Promise<T>) => Promise<{ answer: T } | null>;

/** What each consumer's share has come to. */
const told = (consumers: readonly string[], age_ms: number, ask: Ask): Pick<Slots, "counts" | "refused"> => ({
  counts: async () => {
    const all: Record<string, FrameCounts> = {};
    for (const consumer of consumers) {
      const asked = await ask((redis) => redis.framesCounts(PREFIX, consumer, age_ms, HOLD_MS));
      if (!asked) return null;
      const [waiting, held, taken, evicted, expired, refused] = asked.answer;
      all[consumer] = { waiting, held, taken, evicted, expired, refused };
    }
    return all;
  },
  refused: async () => {
    const asked = await ask(async (redis) => {
      const all: Refused[] = [];
      for (const consumer of consumers) all.push(...(await readRefused(redis, consumer)));
      return all;
    });
    if (!asked) throw new AppError("unavailable", "Redis is away", { reason: "frame.away", retry_after_seconds: 1 });
    return asked.answer;
  },
});

const withScripts = (redis: Redis): Redis & Scripts => {
  if (!("framesOffer" in redis))
    for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(`frames${name}`, { numberOfKeys: 1, lua });
  return redis as Redis & Scripts;
};

/** Oldest first, as the port of one machine has them. */
const readRefused = async (redis: Redis, consumer: string): Promise<Refused[]> => {
  const listed = await redis.lrange(`${PREFIX}${consumer}:refused`, 0, -1);
  const all: Refused[] = [];
  for (const entry of listed.toReversed()) {
    const key = `${PREFIX}${consumer}:refused:${entry.slice(0, entry.indexOf("\n"))}`;
    const [head, bytes, reason, at] = await redis.hmgetBuffer(key, "head", "bytes", "reason", "at");
    if (!head || !bytes) continue;
    const refused_at = new Date(Number(String(at)));
    all.push({ frame: frameOf(head, bytes), consumer, reason: String(reason), refused_at });
  }
  return all;
};

const laneOf = ({ cidade_id, camera_id }: Frame): string => `${cidade_id}/${camera_id}`;

type Head = Omit<Frame, "bytes" | "captured_at"> & { captured_at: string };

const headOf = ({ id, cidade_id, camera_id, captured_at, format, correlation_id, read_at_site }: Frame): string =>
  JSON.stringify({
    id,
    cidade_id,
    camera_id,
    captured_at: captured_at.toISOString(),
    format,
    correlation_id,
    ...(read_at_site === undefined ? {} : { read_at_site }),
  } satisfies Head);

const frameOf = (head: Buffer, bytes: Buffer): Frame => {
  const { captured_at, format, ...rest } = JSON.parse(String(head)) as Head;
  return { ...rest, format: format satisfies FrameFormat, captured_at: new Date(captured_at), bytes };
};
