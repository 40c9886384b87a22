/** One JSON line per fact: timestamp, level, context, message, fields. */

export const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];
export type Fields = Record<string, unknown>;

export type Log = {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same log with fields that every line of it carries. */
  with(fields: Fields): Log;
};

export type LogOptions = {
  /** Which part speaks: `host`, `connector`, `gateway`, `agent`. */
  context: string;
  /** Default `info`. */
  level?: Level;
  /** Takes one line with its end. Default: standard output. */
  write?: (line: string) => void;
  clock?: () => Date;
};

/** A belt to the braces: what is named like a secret is never written, whoever hands it over. */
const secret = /pass(word|wd)?$|secret|token$|authorization|cookie|url_rtsp|api_?key|private/i;

export const createLog = (options: LogOptions, fixed: Fields = {}): Log => {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const least = levels.indexOf(options.level ?? "info");
  const clock = options.clock ?? (() => new Date());
  const say = (level: Level, message: string, fields: Fields = {}): void => {
    if (levels.indexOf(level) < least) return;
    const line = { timestamp: clock().toISOString(), level, context: options.context, message, ...fixed, ...fields };
    write(`${JSON.stringify(line, hide)}\n`);
  };
  return {
    debug: (message, fields) => say("debug", message, fields),
    info: (message, fields) => say("info", message, fields),
    warn: (message, fields) => say("warn", message, fields),
    error: (message, fields) => say("error", message, fields),
    with: (fields) => createLog(options, { ...fixed, ...fields }),
  };
};

const hide = (name: string, value: unknown): unknown => {
  if (secret.test(name) && value !== null && value !== undefined) return "[removed]";
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return typeof value === "bigint" ? value.toString() : value;
};

/** For tests and tools that want silence. */
export const noLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => noLog,
};
