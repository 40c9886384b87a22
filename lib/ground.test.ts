import * as z from "zod";
import { describe, expect, test } from "vitest";
import { readEnvironment } from "./environment.ts";
import { dayOf, timeOf, uuidv7 } from "./ids.ts";
import { createLog } from "./log.ts";
import { createMetrics } from "./metrics.ts";

describe("ids", () => {
  test("carry their time and day, and ascend within a millisecond", () => {
    const at = new Date("2026-11-24T23:59:59.999Z");
    const ids = Array.from({ length: 1000 }, () => uuidv7(at));
    expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
      true,
    );
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(1000);
    expect([timeOf(ids[0] ?? ""), dayOf(ids[999] ?? "")]).toEqual([at, "2026-11-24"]);
  });

  test("of an earlier time are that time's, whatever came before", () => {
    uuidv7(new Date("2026-11-24T00:00:00Z"));
    expect(dayOf(uuidv7(new Date("1970-01-02T00:00:00Z")))).toBe("1970-01-02");
  });
});

describe("the environment", () => {
  test("that lacks something is refused by name and without any value", () => {
    const schema = z.object({
      DATABASE_URL: z.string(),
      PORT: z.coerce.number().int(),
      EMPTY: z.string(),
      LEVEL: z.string().default("info"),
    });
    const read = () => readEnvironment(schema, { PORT: "hunter2", EMPTY: "", OTHER: "x" });
    expect(read).toThrow("Environment: DATABASE_URL is missing, PORT is malformed, EMPTY is missing");
    expect(read).not.toThrow(/hunter2/);
    expect(readEnvironment(schema, { DATABASE_URL: "a", PORT: "1", EMPTY: "b" })).toEqual({
      DATABASE_URL: "a",
      PORT: 1,
      EMPTY: "b",
      LEVEL: "info",
    });
  });
});

describe("the log", () => {
  const record = () => {
    const lines: string[] = [];
    return { lines, log: createLog({ context: "host", write: (line) => lines.push(line), clock: () => new Date(0) }) };
  };

  test("writes one JSON line per fact, with time, level and context", () => {
    const { lines, log } = record();
    log.debug("hidden");
    log.with({ correlation_id: "c" }).warn("two\nlines", { n: 1 });
    expect(lines).toEqual([
      '{"timestamp":"1970-01-01T00:00:00.000Z","level":"warn","context":"host","message":"two\\nlines","correlation_id":"c","n":1}\n',
    ]);
  });

  test("never writes what is named like a secret, at any depth", () => {
    const { lines, log } = record();
    log.error("x", {
      password: "p1",
      nested: { url_rtsp: "p2", access_token: "p3", Authorization: "p4" },
      cause: new Error("kept"),
    });
    expect(lines.join("")).not.toMatch(/p[1-4]/);
    expect(lines.join("")).toContain("kept");
  });
});

describe("metrics", () => {
  test("are Prometheus text: escaped labels, cumulative buckets, one definition per name", async () => {
    const metrics = createMetrics();
    metrics.counter("a_total", "As").add({ route: 'x"\\\n' });
    metrics.counter("a_total", "As").add({ route: 'x"\\\n' }, 2);
    const histogram = metrics.histogram("s_seconds", "S", [0.1, 1]);
    for (const value of [0.1, 0.5, 3]) histogram.observe(value, { of: "b" });
    metrics.collect(() => metrics.gauge("g", "G").set(7));
    metrics.collect(() => Promise.reject(new Error("one collector fails")));
    expect(await metrics.text()).toBe(
      [
        "# HELP a_total As",
        "# TYPE a_total counter",
        'a_total{route="x\\"\\\\\\n"} 3',
        "# HELP s_seconds S",
        "# TYPE s_seconds histogram",
        's_seconds_bucket{of="b",le="0.1"} 1',
        's_seconds_bucket{of="b",le="1"} 2',
        's_seconds_bucket{of="b",le="+Inf"} 3',
        's_seconds_sum{of="b"} 3.6',
        's_seconds_count{of="b"} 3',
        "# HELP g G",
        "# TYPE g gauge",
        "g 7",
        "",
      ].join("\n"),
    );
    expect(() => metrics.gauge("a_total", "As")).toThrow();
  });
});
