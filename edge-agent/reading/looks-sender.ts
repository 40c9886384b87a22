/** What was read here on its way to the server. While the line is cut it waits in memory, and is in nobody's way. */
import { SiteLooksReceipt, type SiteLooks } from "#functions/ai/contract.ts";
import { AppError } from "#lib/errors.ts";
import type { Log } from "#lib/log.ts";
import { backOff, type BackOff } from "../back-off.ts";
import { counted } from "../counted.ts";
import type { Server } from "../server-client.ts";
import type { Photographed } from "./look-pictures.ts";
import { waitingLooks, type Bounds, type SiteReading } from "./waiting-looks.ts";

const PATH = "/api/agents/looks";
/** Cameras at once; each camera's looks one after the other. */
const AT_ONCE = 4;
/** A scene is half a megabyte at most, and the line may be thin. */
const SECONDS = 120;
/** Other frames of the camera may change which pictures are wanted while they are on their way. */
const MOST_ASKED = 3;
/** With their pictures: some five minutes of four busy cameras. */
const BOUNDS: Bounds = { count: 2000, bytes: 128 * 1024 * 1024 };
/** Of the server's program itself, with these looks: it says 503 where it is not the looks' fault. */
const [FAULT, MOST_FAULTS] = [500, 10];
/** However long the server asks for. */
const LONGEST_MS = 300_000;

export type LooksSender = {
  offer(reading: SiteReading): void;
  /** Of this camera: refused by the server, or dropped because too many waited. */
  lost(camera_id: string): number;
  waiting(): Bounds;
  /** Since the start. */
  sent(): { looks: number; bytes: number };
  /** What is in hand comes to its end; what waits is lost. */
  stop(): Promise<void>;
};

export type LooksSenderNeeds = {
  server: Pick<Server, "call">;
  log: Log;
  /** The server knows nothing of looks: it is older than this agent. */
  notOffered(): void;
  bounds?: Bounds;
  retry?: BackOff;
};

export const looksSender = ({ server, log, bounds = BOUNDS, ...needs }: LooksSenderNeeds): LooksSender => {
  const waiting = waitingLooks(bounds);
  const losses = lossesOf(log);
  const sent = { looks: 0, bytes: 0 };
  const line = restingLine(needs.retry ?? backOff({ first_ms: 500, longest_ms: 15_000, breaker_ms: 15_000 }), log);
  let stopped = false;

  const drop = (reading: SiteReading, why: string): void => {
    waiting.remove(reading);
    losses.lose(reading.looks, why);
  };
  /** One that has to wait does so as JPEG. */
  const keepSmall = (reading: SiteReading): void => {
    reading.pictures.made().then(
      () => {
        for (const oldest of waiting.trim()) drop(oldest, "too many wait");
      },
      () => drop(reading, "its pictures cannot be made"),
    );
  };
  const isHopeless = faultCounter();
  const failed = (reading: SiteReading, error: unknown): void => {
    if (isPassing(error) && !isHopeless(reading, error)) {
      waiting.putBack(reading);
      if (stopped) return;
      line.rest(error, () => hands.fill());
      for (const one of waiting.all()) keepSmall(one);
      return;
    }
    drop(reading, reasonOf(error));
    if (isUnknownRoute(error)) needs.notOffered();
  };
  const send = async (reading: SiteReading): Promise<void> => {
    try {
      await tell(server, reading, (bytes) => void (sent.bytes += bytes));
      waiting.remove(reading);
      sent.looks += 1;
      losses.over(reading.looks);
      line.works(waiting.size());
    } catch (error) {
      failed(reading, error);
    }
  };
  const hands = someHands(AT_ONCE, () => (stopped || line.rests() ? undefined : waiting.take()), send);
  return {
    offer(reading) {
      waiting.add(reading);
      hands.fill();
      if (!waiting.isInHand(reading)) keepSmall(reading);
    },
    lost: losses.of,
    waiting: waiting.size,
    sent: () => ({ ...sent }),
    async stop() {
      stopped = true;
      line.stop();
      await hands.idle();
      const { count } = waiting.size();
      if (count > 0) log.warn("looks that waited are lost: the agent ends", { count });
    },
  };
};

/** Else one over which the server stumbles would stand in the way of all that come after it. */
const faultCounter = () => {
  const faults = new WeakMap<SiteReading, number>();
  return (reading: SiteReading, { params }: AppError): boolean => {
    if (params["status"] !== FAULT) return false;
    const count = (faults.get(reading) ?? 0) + 1;
    faults.set(reading, count);
    return count >= MOST_FAULTS;
  };
};

/** `work` never throws. */
const someHands = <T>(most: number, next: () => T | undefined, work: (one: T) => Promise<void>) => {
  const busy = new Set<Promise<void>>();
  const fill = (): void => {
    while (busy.size < most) {
      const one = next();
      if (one === undefined) return;
      const working = work(one).finally(() => {
        busy.delete(working);
        fill();
      });
      busy.add(working);
    }
  };
  return { fill, idle: (): Promise<unknown> => Promise.all(busy) };
};

const tell = async (
  server: Pick<Server, "call">,
  reading: SiteReading,
  sent: (bytes: number) => void,
): Promise<void> => {
  const { looks, pictures } = reading;
  for (let asked = 0; asked <= MOST_ASKED; asked += 1) {
    const { wanted } = reading;
    const body: SiteLooks = wanted ? { ...looks, photographs: chosen(await pictures.made(), wanted) } : looks;
    const receipt = await server.call("POST", PATH, body, SiteLooksReceipt, SECONDS);
    sent(JSON.stringify(body).length);
    if (receipt.wanted.length === 0) return;
    reading.wanted = receipt.wanted;
  }
  throw new AppError("invalid", "The server wants ever other pictures", { reason: "pictures.never_enough" });
};

const chosen = ({ scene, plates }: Photographed, wanted: readonly number[]): SiteLooks["photographs"] => ({
  scene,
  plates: wanted.flatMap((of) => (plates[of] === undefined ? [] : [{ of, plate: plates[of] }])),
});

/** The server may be had again, or believe us again; anything else it says of these looks for good. */
const isPassing = (error: unknown): error is AppError =>
  error instanceof AppError && (error.code === "unavailable" || error.code === "unauthorized");

/** By the server, or by what stands before it; of a camera that is not there the server says so. */
const isUnknownRoute = (error: unknown): boolean =>
  error instanceof AppError && error.params["status"] === 404 && error.reason !== "camera.unknown";

const reasonOf = (error: unknown): string =>
  error instanceof AppError ? (error.reason ?? error.message) : "the answer cannot be understood";

const restingLine = (retry: BackOff, log: Log) => {
  let timer: NodeJS.Timeout | null = null;
  let isDown = false;
  return {
    rests: () => timer !== null,
    works(waiting: Bounds): void {
      retry.healthy();
      if (isDown) log.info("looks are taken again", { ...waiting });
      isDown = false;
    },
    /** Several requests fail together: that is one failure. */
    rest(error: AppError, then: () => void): void {
      if (timer) return;
      if (!isDown) log.warn("looks wait here: the server does not take them", { error });
      isDown = true;
      const ms = Math.min(LONGEST_MS, Math.max(retry.failed(), (error.retryAfterSeconds ?? 0) * 1000));
      timer = setTimeout(() => {
        timer = null;
        then();
      }, ms);
    },
    stop(): void {
      if (timer) clearTimeout(timer);
    },
  };
};

/** A camera whose looks are lost for one reason is named once, until one is taken. */
const lossesOf = (log: Log) => {
  const lost = counted();
  const said = new Map<string, string>();
  return {
    of: lost.of,
    lose({ camera_id, frame_id, captured_at }: SiteLooks, reason: string): void {
      lost.add(camera_id);
      if (said.get(camera_id) === reason) return;
      said.set(camera_id, reason);
      log.warn("looks lost", { camera_id, frame_id, captured_at, reason });
    },
    over: ({ camera_id }: SiteLooks): void => void said.delete(camera_id),
  };
};
