/** Times, lengths and sizes as they are read. A time is always that of a city, never the workstation's. */

const cached = new Map<string, Intl.DateTimeFormat>();

const formatter = (locale: string, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${locale} ${timeZone} ${JSON.stringify(options)}`;
  const found = cached.get(key) ?? new Intl.DateTimeFormat(locale, { timeZone, hourCycle: "h23", ...options });
  cached.set(key, found);
  return found;
};

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
const DAY = { day: "2-digit", month: "2-digit", year: "numeric" } as const;

export const clockText = (locale: string, zone: string, ms: number): string =>
  formatter(locale, zone, CLOCK).format(ms);
export const shortClockText = (locale: string, zone: string, ms: number): string =>
  formatter(locale, zone, { hour: "2-digit", minute: "2-digit" }).format(ms);
export const dayText = (locale: string, zone: string, ms: number): string => formatter(locale, zone, DAY).format(ms);
export const momentText = (locale: string, zone: string, ms: number): string =>
  formatter(locale, zone, { ...DAY, ...CLOCK }).format(ms);

/** `7 s`, `2 min 05 s`, `3 h 10 min`, `2 d 4 h`: the same in both languages. */
export const durationText = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return `${hours} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** One decimal below ten seconds, none above. */
export const secondsText = (locale: string, ms: number): string => {
  const digits = ms < 9950 ? 1 : 0;
  return (ms / 1000).toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
};

export const bytesText = (locale: string, bytes: number): string => {
  const units = ["B", "kB", "MB", "GB"];
  const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toLocaleString(locale, { maximumFractionDigits: step < 2 ? 0 : 1 })} ${units[step]}`;
};

export const bitRateText = (locale: string, bits: number): string =>
  `${(bits / 1_000_000).toLocaleString(locale, { maximumFractionDigits: 1 })} Mbit/s`;
