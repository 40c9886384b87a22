/** Prometheus text: counters, gauges and histograms, no more than we use. Labels are bounded words, never ids of people. */

export type Labels = Record<string, string | number>;
export type Counter = { add(labels?: Labels, by?: number): void };
export type Gauge = { set(value: number, labels?: Labels): void; clear(): void };
export type Histogram = { observe(value: number, labels?: Labels): void };

export type Metrics = {
  /** The same name twice is the same metric. */
  counter(name: string, help: string): Counter;
  gauge(name: string, help: string): Gauge;
  /** `buckets` ascending, in the metric's own unit. */
  histogram(name: string, help: string, buckets?: readonly number[]): Histogram;
  /** Called before each reading, to set gauges that nobody pushes. A throw leaves that collector out. */
  collect(collector: () => void | Promise<void>): void;
  text(): Promise<string>;
};

export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

type Kind = "counter" | "gauge" | "histogram";
type Metric = { kind: Kind; help: string; lines(name: string): string[] };

export const createMetrics = (): Metrics => {
  const known = new Map<string, { metric: Metric; handle: unknown }>();
  const collectors: (() => void | Promise<void>)[] = [];
  const once = <T extends Metric>(name: string, kind: Kind, make: () => T): T => {
    const there = known.get(name);
    if (there && there.metric.kind !== kind) throw new Error(`Metric ${name} is a ${there.metric.kind}`);
    if (there) return there.handle as T;
    const metric = make();
    known.set(name, { metric, handle: metric });
    return metric;
  };
  return {
    counter: (name, help) => once(name, "counter", () => counter(help)),
    gauge: (name, help) => once(name, "gauge", () => gauge(help)),
    histogram: (name, help, buckets = SECONDS) => once(name, "histogram", () => histogram(help, buckets)),
    collect: (collector) => void collectors.push(collector),
    async text() {
      await Promise.allSettled(collectors.map(async (collector) => collector()));
      const all = [...known].flatMap(([name, { metric }]) => [
        `# HELP ${name} ${metric.help}`,
        `# TYPE ${name} ${metric.kind}`,
        ...metric.lines(name),
      ]);
      return `${all.join("\n")}\n`;
    },
  };
};

const counter = (help: string): Metric & Counter => {
  const values = new Map<string, number>();
  return {
    kind: "counter",
    help,
    add(labels = {}, by = 1) {
      const key = write(labels);
      values.set(key, (values.get(key) ?? 0) + by);
    },
    lines: (name) => [...values].map(([key, value]) => `${name}${braces(key)} ${value}`),
  };
};

const gauge = (help: string): Metric & Gauge => {
  const values = new Map<string, number>();
  return {
    kind: "gauge",
    help,
    set: (value, labels = {}) => void values.set(write(labels), value),
    clear: () => values.clear(),
    lines: (name) => [...values].map(([key, value]) => `${name}${braces(key)} ${value}`),
  };
};

const histogram = (help: string, buckets: readonly number[]): Metric & Histogram => {
  const series = new Map<string, { counts: number[]; sum: number; count: number }>();
  return {
    kind: "histogram",
    help,
    observe(value, labels = {}) {
      const key = write(labels);
      const one = series.get(key) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 };
      series.set(key, one);
      const index = buckets.findIndex((limit) => value <= limit);
      if (index >= 0) one.counts[index] = (one.counts[index] ?? 0) + 1;
      one.sum += value;
      one.count += 1;
    },
    lines: (name) =>
      [...series].flatMap(([key, { counts, sum, count }]) => {
        const comma = key === "" ? "" : `${key},`;
        let below = 0;
        const steps = buckets.map((limit, index) => {
          below += counts[index] ?? 0;
          return `${name}_bucket{${comma}le="${limit}"} ${below}`;
        });
        return [
          ...steps,
          `${name}_bucket{${comma}le="+Inf"} ${count}`,
          `${name}_sum${braces(key)} ${sum}`,
          `${name}_count${braces(key)} ${count}`,
        ];
      }),
  };
};

const write = (labels: Labels): string => {
  let text = "";
  for (const name in labels) text += `${text === "" ? "" : ","}${name}="${escape(String(labels[name]))}"`;
  return text;
};
const escape = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n") : value;
const braces = (key: string): string => (key === "" ? "" : `{${key}}`);
