/** How far it is, on standard error: on a terminal one line that changes, elsewhere a line every few seconds. */
import type { Line } from "./lines.ts";

const EVERY_MS = 5000;

export type Progress = {
  one(line: Line): void;
  /** What people should know, and is no line of its own. */
  note(words: string): void;
  end(): void;
};

/** `now`: milliseconds of any clock that goes forward. */
export const openProgress = (write: (words: string) => void, terminal: boolean, now: () => number): Progress => {
  const counts = { pictures: 0, plates: 0, errors: 0 };
  let last = now();
  const clear = terminal ? "\r\u001b[K" : "";
  const words = (): string =>
    `${counts.pictures} pictures, ${counts.plates} plates${counts.errors > 0 ? `, ${counts.errors} errors` : ""}`;
  const note = (told: string): void => write(`${clear}${told}\n`);
  return {
    note,
    one(line) {
      if ("error" in line) {
        counts.errors += 1;
        note(`${line.file}: ${line.error.message}`);
      } else {
        counts.pictures += 1;
        counts.plates += line.plates.length;
      }
      if (terminal) write(`\r${words()} …\u001b[K`);
      else if (now() - last > EVERY_MS) {
        last = now();
        note(`${words()} …`);
      }
    },
    end: () => note(words()),
  };
};
