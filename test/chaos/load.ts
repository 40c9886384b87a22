/** What the people and cameras of a city do all the time, and what they hear. Wishes are repeated until they are answered. */
import type { Seeded } from "#test/harness/seeded.ts";
import { plateOf } from "#test/harness/plate-client.ts";
import { tinyJpeg } from "#test/harness/plates.ts";
import { outcomeOf, type History, type Kind, type Operation } from "./history.ts";
import type { Asked, Heard, Person } from "./people.ts";
import type { Site } from "./site.ts";

export type Load = {
  /** No new wishes; resolves when the last one is answered, or `patience_ms` is over. */
  finish(patience_ms: number): Promise<void>;
};

const CAMERA_LINES = 2;
const POST_EVERY_MS = 350;
const ACT_EVERY_MS = 450;
const AGAIN_MS = 400;
const CLIP_SECONDS = 4;
/** Of a plate camera's reads so many are of watched plates, and so many have a picture. */
const ONE_IN = { watched: 4, picture: 3 };

type Scene = {
  site: Site;
  others: readonly Site[];
  history: History;
  chance: Seeded;
  isOver(): boolean;
  isLate(): boolean;
};
type Tried = { kind: Kind; key: string; who: Person; asked: Asked; facts?: Partial<Operation> };

export const startLoad = (sites: readonly Site[], history: History, chance: Seeded): Load => {
  let over = false;
  let late = false;
  const last: (() => Promise<void>)[] = [];
  const workers = sites.flatMap((site) => {
    const others = sites.filter((other) => other !== site);
    const scene: Scene = { site, others, history, chance, isOver: () => over, isLate: () => late };
    const watched: string[] = [];
    const post = postsOf(scene, watched);
    const { act, all } = actionsOf(scene, watched);
    last.push(all);
    return [
      ...Array.from({ length: CAMERA_LINES }, () => regularly(scene, POST_EVERY_MS, post)),
      regularly(scene, ACT_EVERY_MS, act),
    ];
  });
  return {
    finish: async (patience_ms) => {
      over = true;
      const timer = setTimeout(() => (late = true), patience_ms);
      await Promise.all(workers);
      // Whatever chance left out since the last fault is asked for once more.
      for (const all of last) await all();
      clearTimeout(timer);
    },
  };
};

const regularly = async ({ isOver }: Scene, every_ms: number, work: () => Promise<void>): Promise<void> => {
  while (!isOver()) {
    await work();
    await pause(every_ms);
  }
};

const once = async (
  { history, site }: Scene,
  { kind, key, who, asked, facts = {} }: Tried,
  factsOf?: (heard: Heard) => Partial<Operation>,
) => {
  const begun_ms = history.now();
  const heard = await who.ask(asked);
  const { status, says_when } = heard;
  const outcome = outcomeOf(status);
  const told = outcome === "ok" ? factsOf?.(heard) : {};
  history.add({
    kind,
    cidade_id: site.cidade_id,
    key,
    begun_ms,
    ended_ms: history.now(),
    outcome,
    status,
    says_when,
    ...facts,
    ...told,
  });
  return heard;
};

/** Answers what was heard at last; `null`: nobody has answered, and it is late. */
const untilAnswered = async (
  scene: Scene,
  tried: Tried,
  factsOf?: (heard: Heard) => Partial<Operation>,
): Promise<Heard | null> => {
  while (!scene.isLate()) {
    const heard = await once(scene, tried, factsOf);
    if (outcomeOf(heard.status) === "ok" || heard.status === 409) return heard;
    await pause(AGAIN_MS);
  }
  return null;
};

const idOf = ({ body }: Heard): { id: string } => ({ id: (body as { id: string }).id });

const postsOf = (scene: Scene, watched: readonly string[]) => {
  const { site, chance } = scene;
  let next = 0;
  return async (): Promise<void> => {
    const number = next++;
    const isWatched = watched.length > 0 && chance.below(ONE_IN.watched) === 0;
    const plate = isWatched ? watched[chance.below(watched.length)]! : lettered(site, 10_000 + (number % 10_000));
    const key = `${site.letters}-read-${number}`;
    const body = {
      event_id: key,
      plate,
      confidence: 0.9,
      detected_at: new Date(Date.now() + site.clock_offset_ms).toISOString(),
      ...(chance.below(ONE_IN.picture) === 0 ? { image: tinyJpeg.toString("base64") } : {}),
    };
    const asked = { method: "POST", path: "/api/lpr/events", body };
    await untilAnswered(scene, {
      kind: "post-plate",
      key,
      who: site.plateCamera,
      asked,
      facts: { plate, camera_id: site.camera_id },
    });
  };
};

const lettered = ({ letters }: Site, number: number): string => `${letters}${plateOf(number).slice(3)}`;

/** An operator's day, in short: one of these after the other, as chance says. */
const actionsOf = (scene: Scene, watched: string[]) => {
  const { site, chance } = scene;
  const entries: string[] = [];
  let turn = 0;
  const actions: readonly ((key: string) => Promise<void>)[] = [
    (key) => watch(scene, key, lettered(site, turn), watched, entries),
    (key) => watch(scene, key, lettered(site, turn), watched, entries),
    () => unwatch(scene, entries),
    (key) => listEntries(scene, key),
    (key) => listPlates(scene, key),
    (key) => searchPlates(scene, key),
    (key) => acknowledge(scene, key),
    (key) => requestClip(scene, key),
    (key) => trespass(scene, key),
  ];
  const take = async (action: (typeof actions)[number]): Promise<void> => {
    turn += 1;
    await action(`${site.letters}-act-${turn}`);
  };
  return {
    act: () => take(actions[chance.below(actions.length)]!),
    all: async (): Promise<void> => {
      for (const action of actions) await take(action);
    },
  };
};

const watch = async (scene: Scene, key: string, plate: string, watched: string[], entries: string[]): Promise<void> => {
  const { cidade_id, watchlist_id, operator } = scene.site;
  const expires_at = new Date(Date.now() + 86_400_000).toISOString();
  const asked = {
    method: "POST",
    path: "/api/watchlist-entries",
    body: { cidade_id, watchlist_id, plate, reason: key, expires_at },
    headers: { "idempotency-key": key },
  };
  const heard = await untilAnswered(scene, { kind: "watch-plate", key, who: operator, asked, facts: { plate } }, idOf);
  if (heard === null || outcomeOf(heard.status) !== "ok") return;
  watched.push(plate);
  entries.push(idOf(heard).id);
};

const unwatch = async (scene: Scene, entries: string[]): Promise<void> => {
  if (entries.length === 0) return;
  const [id = ""] = entries.splice(scene.chance.below(entries.length), 1);
  const asked = { method: "DELETE", path: `/api/watchlist-entries/${id}` };
  await untilAnswered(scene, { kind: "unwatch-plate", key: id, who: scene.site.operator, asked, facts: { id } });
};

type Listed = { items: { id: string }[] };

const listEntries = async (scene: Scene, key: string): Promise<void> => {
  const { cidade_id, operator } = scene.site;
  const asked = { method: "GET", path: `/api/watchlist-entries?cidade_id=${cidade_id}&limit=200` };
  await once(scene, { kind: "list-entries", key, who: operator, asked }, (heard) => ({
    // A further page would be another moment.
    ...((heard.body as { next_cursor: string | null }).next_cursor === null
      ? { seen: (heard.body as Listed).items.map(({ id }) => id) }
      : {}),
    foreign: foreignWords(scene, heard),
  }));
};

const listPlates = async (scene: Scene, key: string): Promise<void> => {
  const { cidade_id, operator } = scene.site;
  const asked = { method: "GET", path: `/api/plates?cidade_id=${cidade_id}` };
  await once(scene, { kind: "list-plates", key, who: operator, asked }, (heard) => ({
    foreign: foreignWords(scene, heard),
  }));
};

const searchPlates = async (scene: Scene, key: string): Promise<void> => {
  const { cidade_id, operator } = scene.site;
  const body = { cidade_ids: [cidade_id], plate: "GT*", purpose: "system_check" };
  const asked = { method: "POST", path: "/api/plates/search", body };
  await once(scene, { kind: "search-plates", key, who: operator, asked }, (heard) => ({
    foreign: foreignWords(scene, heard),
  }));
};

/** Of other cities; as JSON has them, so that chance makes none of them within a signature. */
const foreignWords = ({ others }: Scene, { text }: Heard): string[] =>
  others
    .flatMap(({ cidade_id, camera_id, letters }) => [cidade_id, camera_id, `"${letters}`])
    .filter((word) => text.includes(word));

const acknowledge = async (scene: Scene, key: string): Promise<void> => {
  const { cidade_id, operator } = scene.site;
  const heard = await operator.ask({ method: "GET", path: `/api/alerts?cidade_id=${cidade_id}&status=new&limit=20` });
  const items = outcomeOf(heard.status) === "ok" ? (heard.body as Listed).items : [];
  if (items.length === 0) return;
  const { id } = items[scene.chance.below(items.length)]!;
  const asked = { method: "POST", path: `/api/alerts/${id}/acknowledge`, headers: { "idempotency-key": key } };
  await untilAnswered(scene, { kind: "acknowledge-alert", key: id, who: operator, asked, facts: { id } });
};

const LOOK_BACK_MS = 60_000;

const requestClip = async (scene: Scene, key: string): Promise<void> => {
  const { camera_id, operator } = scene.site;
  const [from, to] = [new Date(Date.now() - LOOK_BACK_MS), new Date()].map((time) => time.toISOString());
  const heard = await operator.ask({
    method: "GET",
    path: `/api/segments?camera_id=${camera_id}&from=${from}&to=${to}`,
  });
  const segments =
    outcomeOf(heard.status) === "ok" ? (heard.body as { segments: { captured_at: string }[] }).segments : [];
  const last = segments.at(-1);
  if (!last) return;
  const end_time = new Date(Date.parse(last.captured_at) + CLIP_SECONDS * 1000).toISOString();
  const body = { camera_id, start_time: last.captured_at, end_time, nome: key };
  const asked = { method: "POST", path: "/api/clips", body, headers: { "idempotency-key": key } };
  await untilAnswered(scene, { kind: "request-clip", key, who: operator, asked }, idOf);
};

/** Another city's things, by the ids that its own operator was told. */
const trespass = async (scene: Scene, key: string): Promise<void> => {
  const { others, history, chance, site } = scene;
  const foreign = others[chance.below(others.length)];
  if (!foreign) return;
  const known = history.operations.findLast(
    ({ cidade_id, kind, id }) =>
      cidade_id === foreign.cidade_id && id !== undefined && (kind === "request-clip" || kind === "acknowledge-alert"),
  );
  const paths = [
    `/api/plates?cidade_id=${foreign.cidade_id}`,
    `/api/cameras/${foreign.camera_id}`,
    ...(known ? [`/api/${known.kind === "request-clip" ? "clips" : "alerts"}/${known.id}`] : []),
  ];
  const path = paths[chance.below(paths.length)]!;
  const factsOf = (heard: Heard): Partial<Operation> => ({ foreign: foreignWords(scene, heard) });
  await once(
    scene,
    { kind: "trespass", key: `${key} ${path}`, who: site.operator, asked: { method: "GET", path } },
    factsOf,
  );
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
