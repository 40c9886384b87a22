/** What waits for a decoder: of each camera the newest picture, none for long. */
import { AppError } from "#lib/errors.ts";

export type Waiting<Work, Done> = {
  source: string;
  work: Work;
  resolve(done: Done): void;
  reject(error: AppError): void;
};

export type WaitingLine<Work, Done> = {
  /** Throws `unavailable` when a newer one of the same source comes first, or when nobody takes it in time. */
  enter(source: string, work: Work): Promise<Done>;
  /** Who waited longest. A source keeps its place when its picture is replaced. */
  take(): Waiting<Work, Done> | null;
  isEmpty(): boolean;
  /** How many left without being taken. */
  left(): number;
  close(): void;
};

export const waitingLine = <Work, Done>(patience_ms: number): WaitingLine<Work, Done> => {
  type Place = Waiting<Work, Done> & { timer: NodeJS.Timeout };
  const places = new Map<string, Place>();
  let left = 0;
  const leave = (place: Place, reason: string, message: string): void => {
    clearTimeout(place.timer);
    left += 1;
    place.reject(new AppError("unavailable", message, { reason }));
  };
  return {
    enter: (source, work) =>
      new Promise((resolve, reject) => {
        const before = places.get(source);
        if (before) leave(before, "picture.superseded", "A newer picture of this camera came");
        const timer = setTimeout(() => {
          places.delete(source);
          leave(place, "picture.waited", "No decoder became free in time");
        }, patience_ms);
        const place: Place = { source, work, resolve, reject, timer };
        places.set(source, place);
      }),
    take() {
      const [first] = places.values();
      if (!first) return null;
      clearTimeout(first.timer);
      places.delete(first.source);
      return first;
    },
    isEmpty: () => places.size === 0,
    left: () => left,
    close() {
      for (const place of places.values()) leave(place, "decoder.closed", "The decoder is closed");
      places.clear();
    },
  };
};
