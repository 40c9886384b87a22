import { describe, expect, test } from "vitest";
import { check, promises } from "./check.ts";
import type { Facts } from "./facts.ts";
import type { Operation } from "./history.ts";

type World = { operations: Operation[]; facts: Facts };

const operation = (kind: Operation["kind"], key: string, at: number, more: Partial<Operation> = {}): Operation => ({
  kind,
  cidade_id: "aurora",
  key,
  begun_ms: at,
  ended_ms: at + 5,
  outcome: "ok",
  status: 200,
  says_when: false,
  ...more,
});

const queue = { type: "lpr.detected", remembers: true, pending: 0, dead: [] };
const sent = (id: string, type: string, about: string) => ({ id, type, about, published: true, refused: false });

/** A run in which every promise was kept. */
const world = (): World => ({
  operations: [
    operation("watch-plate", "why-1", 0, { id: "entry-1", plate: "GTA1A00" }),
    operation("watch-plate", "why-2", 0, { id: "entry-2", plate: "GTA2A00" }),
    operation("list-entries", "list-1", 10, { seen: ["entry-1", "entry-2"] }),
    operation("post-plate", "read-1", 20, { plate: "GTA1A00", outcome: "unknown", status: 0 }),
    operation("post-plate", "read-1", 30, { plate: "GTA1A00", status: 202 }),
    operation("unwatch-plate", "entry-2", 40, { id: "entry-2", status: 204 }),
    operation("post-plate", "read-2", 50, { plate: "GTA2A00", status: 202 }),
    operation("post-plate", "read-3", 50, { plate: "GTA3A00", outcome: "failed", status: 429, says_when: true }),
    operation("list-entries", "list-2", 60, { seen: ["entry-1"] }),
    operation("acknowledge-alert", "alert-1", 70, { id: "alert-1" }),
    operation("request-clip", "clip-1", 80, { id: "c1", status: 202 }),
    operation("upload-segment", "camera/boot-0", 90, { sha256: "aa" }),
    operation("trespass", "read-1 of aurora", 95, { cidade_id: "brisa", outcome: "failed", status: 404 }),
  ],
  facts: {
    began_ms: 0,
    ended_ms: 30_000,
    unsent: [],
    reads: [
      {
        id: "event-1",
        cidade_id: "aurora",
        camera_id: "camera",
        source_event_id: "read-1",
        plate: "GTA1A00",
        captured_ms: 20,
      },
      {
        id: "event-2",
        cidade_id: "aurora",
        camera_id: "camera",
        source_event_id: "read-2",
        plate: "GTA2A00",
        captured_ms: 50,
      },
    ],
    raw_posts: 0,
    entries: [
      { id: "entry-1", cidade_id: "aurora", reason: "why-1", plate: "GTA1A00", removed: false },
      { id: "entry-2", cidade_id: "aurora", reason: "why-2", plate: "GTA2A00", removed: true },
    ],
    alerts: [{ id: "alert-1", entry_id: "entry-1", event_id: "event-1", status: "acknowledged" }],
    clips: [{ id: "c1", nome: "clip-1", status: "READY", failure: null }],
    segments: [
      { camera_id: "camera", boot_id: "boot", sequence: 0, sha256: "aa", starts_ms: 0, ends_ms: 10_000 },
      { camera_id: "camera", boot_id: "boot", sequence: 1, sha256: "bb", starts_ms: 10_040, ends_ms: 20_000 },
      { camera_id: "camera", boot_id: "later", sequence: 0, sha256: "cc", starts_ms: 26_000, ends_ms: 30_000 },
    ],
    gaps: [{ camera_id: "camera", starts_ms: 20_500, ends_ms: 26_000 }],
    promised: [
      { bucket: "recordings", key: "boot-0", bytes: 10, sha256: "aa" },
      { bucket: "lpr-images", key: "scene", bytes: null, sha256: null },
    ],
    stored: [
      { bucket: "recordings", key: "boot-0", bytes: 10, sha256: "aa" },
      { bucket: "lpr-images", key: "scene", bytes: 7, sha256: "ff" },
    ],
    outbox: [sent("m1", "lpr.detected", "event-1"), sent("m2", "lpr.detected", "event-2")],
    inbox: ["m1 match-plate", "m2 match-plate"],
    queues: [
      { name: "ai.match-plate", ...queue },
      { name: "ai.notify-plate-detected", ...queue, remembers: false },
    ],
  },
});

test("a run without a fault keeps every promise", () => {
  const { operations, facts } = world();
  expect(check(operations, facts)).toEqual([]);
});

const find = ({ operations }: World, key: string): Operation => operations.find((one) => one.key === key)!;

/** What breaks a promise, and that it alone is named. */
const spoilers: Record<string, Record<string, (world: World) => void>> = {
  "what was acknowledged is there": {
    "a read is missing": ({ facts }) => {
      facts.reads = facts.reads.filter(({ id }) => id !== "event-2");
    },
    "an acknowledgement is undone": ({ facts }) => {
      facts.alerts[0]!.status = "new";
    },
    "a removal is undone": ({ facts }) => {
      facts.entries[1]!.removed = false;
    },
    "a clip is missing": ({ facts }) => {
      facts.clips = [];
    },
  },
  "at most one effect per key": {
    "a read is there twice": ({ facts }) => {
      facts.reads.push({ ...facts.reads[1]!, id: "event-2b" });
    },
    "an entry is there twice": ({ facts }) => {
      facts.entries.push({ ...facts.entries[0]!, id: "entry-1b" });
    },
    "an alert is there twice": ({ facts }) => {
      facts.alerts.push({ ...facts.alerts[0]!, id: "alert-1b" });
    },
    "a clip is there twice": ({ facts }) => {
      facts.clips.push({ ...facts.clips[0]!, id: "c2" });
    },
    "an event is told twice": ({ facts }) => {
      facts.outbox.push(sent("m3", "lpr.detected", "event-2"));
      facts.inbox.push("m3 match-plate");
    },
  },
  "what was refused has no effect": {
    "a refused read is there": ({ facts }) => {
      facts.reads.push({ ...facts.reads[1]!, id: "event-3", source_event_id: "read-3" });
    },
  },
  "messages in = done + pending + dead": {
    "a message is nowhere": ({ facts }) => {
      facts.inbox = facts.inbox.filter((row) => row !== "m2 match-plate");
    },
    "a message came from nowhere": ({ facts }) => {
      facts.inbox.push("m9 match-plate");
    },
  },
  "nothing is left over": {
    "a message waits": ({ facts }) => {
      facts.inbox = facts.inbox.filter((row) => row !== "m2 match-plate");
      facts.queues[0]!.pending = 1;
    },
    "a message died": ({ facts }) => {
      facts.inbox = facts.inbox.filter((row) => row !== "m2 match-plate");
      facts.queues[0]!.dead = [{ event_id: "m2", reason: "internal" }];
    },
    "an event stays in the outbox": ({ facts }) => {
      facts.outbox.push({ ...sent("m3", "clip.requested", "c3"), published: false });
    },
    "an agent keeps a file": ({ facts }) => {
      facts.unsent = ["agent of GTA: 7.mp4"];
    },
    "a post is not parsed": ({ facts }) => {
      facts.raw_posts = 1;
    },
    "a clip is not cut": ({ facts }) => {
      facts.clips[0]!.status = "CUTTING";
    },
  },
  "rows and objects agree": {
    "an object is missing": ({ facts }) => {
      facts.stored = facts.stored.filter(({ key }) => key !== "boot-0");
    },
    "an object is shorter": ({ facts }) => {
      facts.stored[0]!.bytes = 9;
    },
    "an object has other bytes": ({ facts }) => {
      facts.stored[0]!.sha256 = "ab";
    },
    "an object has no row": ({ facts }) => {
      facts.stored.push({ bucket: "clips", key: "left", bytes: 1, sha256: "dd" });
    },
  },
  "no segment is overwritten": {
    "a name is there twice": ({ facts }) => {
      facts.segments.push(facts.segments[0]!);
    },
    "it has other bytes than it had": ({ facts }) => {
      facts.segments[0]!.sha256 = "ab";
    },
    "it is gone": ({ facts }) => {
      facts.segments.shift();
    },
  },
  "holes in a recording are explained": {
    "nobody says why": ({ facts }) => {
      facts.gaps = [];
    },
    "another camera's gap explains nothing": ({ facts }) => {
      facts.gaps[0]!.camera_id = "other";
    },
  },
  "times are believable": {
    "a read of a camera of 1970": ({ facts }) => {
      facts.reads[1]!.captured_ms = -1e9;
    },
    "a segment of tomorrow": ({ facts }) => {
      facts.ended_ms = 20_000;
    },
  },
  "alerts follow their reads": {
    "an alert is missing": (spoiled) => {
      spoiled.facts.alerts = [];
      spoiled.operations = spoiled.operations.filter(({ kind }) => kind !== "acknowledge-alert");
    },
    "an alert of a removed entry": ({ facts }) => {
      facts.alerts.push({ id: "alert-2", entry_id: "entry-2", event_id: "event-2", status: "new" });
    },
  },
  "no city reads another": {
    "words of another in a list": (spoiled) => {
      find(spoiled, "list-2").foreign = ["GTB"];
    },
    "another's read by its id": (spoiled) => {
      Object.assign(find(spoiled, "read-1 of aurora"), { outcome: "ok", status: 200 });
    },
  },
  "lists show what was acknowledged": {
    "an entry is missing": (spoiled) => {
      find(spoiled, "list-1").seen = ["entry-2"];
    },
    "a removed entry is shown": (spoiled) => {
      find(spoiled, "list-2").seen = ["entry-1", "entry-2"];
    },
  },
  "refusals say when to come again": {
    "not now, and no time": (spoiled) => {
      find(spoiled, "read-3").says_when = false;
    },
    "an error of ours": ({ operations }) => {
      operations.push(operation("post-plate", "read-2", 55, { outcome: "unknown", status: 500 }));
    },
  },
};

test("each promise can be broken", () => {
  expect(Object.keys(spoilers)).toEqual(promises);
});

describe.each(Object.entries(spoilers))("%s", (promise, ways) => {
  test.each(Object.entries(ways))("%s", (_name, spoil) => {
    const spoiled = world();
    spoil(spoiled);
    const found = check(spoiled.operations, spoiled.facts);
    expect(found.map((violation) => violation.promise)).toEqual([promise]);
  });
});

describe("what is no violation", () => {
  test("a removal that nobody has answered leaves both open: alert and none, shown and not", () => {
    const open = world();
    Object.assign(find(open, "entry-2"), { outcome: "unknown", status: 0 });
    open.facts.entries[1]!.removed = false;
    for (const seen of [["entry-1"], ["entry-1", "entry-2"]]) {
      find(open, "list-2").seen = seen;
      expect(check(open.operations, open.facts)).toEqual([]);
    }
    open.facts.alerts.push({ id: "alert-2", entry_id: "entry-2", event_id: "event-2", status: "new" });
    expect(check(open.operations, open.facts)).toEqual([]);
  });

  test("what nobody answered may be there or not", () => {
    const open = world();
    open.operations.push(operation("post-plate", "read-4", 60, { plate: "GTA4A00", outcome: "unknown", status: 0 }));
    expect(check(open.operations, open.facts)).toEqual([]);
    open.facts.reads.push({ ...open.facts.reads[1]!, id: "event-4", source_event_id: "read-4" });
    expect(check(open.operations, open.facts)).toEqual([]);
  });
});
