/** Days and local times of a city, in ms since 1970. A day may have 23 or 25 hours. */

const parts = new Map<string, Intl.DateTimeFormat>();

const formatterOf = (zone: string): Intl.DateTimeFormat => {
  const found =
    parts.get(zone) ??
    new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  parts.set(zone, found);
  return found;
};

/** `YYYY-MM-DDTHH:mm:ss` as a clock on a wall of that zone shows it. */
export const localText = (ms: number, zone: string): string => {
  const of = Object.fromEntries(
    formatterOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  return `${of["year"]}-${of["month"]}-${of["day"]}T${of["hour"]}:${of["minute"]}:${of["second"]}`;
};

export const dayOf = (ms: number, zone: string): string => localText(ms, zone).slice(0, 10);

/** NaN for what is no local time. Of an hour that comes twice, the first; of one that is left out, the instant after. */
export const fromLocal = (text: string, zone: string): number => {
  const wanted = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
  if (Number.isNaN(wanted)) return Number.NaN;
  const guesses = [-1, 0, 1].map((days) => wanted - offsetAt(wanted + days * 86_400_000, zone));
  const exact = guesses.filter((guess) => guess + offsetAt(guess, zone) === wanted);
  return exact.length > 0 ? Math.min(...exact) : Math.max(...guesses);
};

const offsetAt = (ms: number, zone: string): number =>
  Date.parse(`${localText(ms, zone)}Z`) - Math.floor(ms / 1000) * 1000;

export type Bounds = { from: number; to: number };

export const dayBounds = (day: string, zone: string): Bounds => ({
  from: fromLocal(`${day}T00:00:00`, zone),
  to: fromLocal(`${shiftDay(day, 1)}T00:00:00`, zone),
});

export const shiftDay = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

export const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T12:00:00Z`));
