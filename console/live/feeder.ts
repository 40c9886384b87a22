/** Fills one MediaSource with live fragments: a bounded queue in, a trimmed buffer behind. */

export type Feeder = {
  push(fragment: { bytes: Uint8Array<ArrayBuffer>; key: boolean }): void;
  close(): void;
};

export type FeederOptions = {
  source: MediaSource;
  mime: string;
  init: Uint8Array<ArrayBuffer>;
  onFault(): void;
};

/** More waiting than this: the player cannot follow, so what is old goes, up to the newest key frame. */
const QUEUE_BYTES = 24 * 1024 * 1024;
const QUEUE_FRAGMENTS = 300;
/** Trimmed when there is more than the first, down to the second: seldom, because a removal costs a pass over the buffer. */
const BUFFER_SECONDS = 12;
const BUFFER_KEPT_SECONDS = 6;

type Fragment = { bytes: Uint8Array<ArrayBuffer>; key: boolean };

export const createFeeder = ({ source, mime, init, onFault }: FeederOptions): Feeder => {
  const queue = createFragmentQueue();
  let buffer: SourceBuffer | null = null;
  let begun = false;
  let ended = false;

  const fail = (): void => {
    if (ended) return;
    ended = true;
    onFault();
  };
  const pump = (): void => {
    if (ended || !buffer || buffer.updating || source.readyState !== "open") return;
    try {
      if (begun && trim(buffer)) return;
      const bytes = begun ? queue.takeAll() : init;
      begun = true;
      if (bytes) buffer.appendBuffer(bytes);
    } catch {
      fail();
    }
  };

  source.addEventListener("sourceopen", () => {
    if (ended || buffer) return;
    try {
      buffer = source.addSourceBuffer(mime);
    } catch {
      return fail();
    }
    buffer.addEventListener("updateend", pump);
    buffer.addEventListener("error", fail);
    pump();
  });

  return {
    push(fragment) {
      queue.add(fragment);
      pump();
    },
    close() {
      ended = true;
      queue.takeAll();
    },
  };
};

const trim = (buffer: SourceBuffer): boolean => {
  const { buffered } = buffer;
  if (buffered.length === 0) return false;
  const end = buffered.end(buffered.length - 1);
  if (end - buffered.start(0) <= BUFFER_SECONDS) return false;
  buffer.remove(0, end - BUFFER_KEPT_SECONDS);
  return true;
};

export type FragmentQueue = {
  add(fragment: Fragment): void;
  /** Everything that waits, as one piece; null when nothing does. */
  takeAll(): Uint8Array<ArrayBuffer> | null;
};

export const createFragmentQueue = (): FragmentQueue => {
  let waiting: Fragment[] = [];
  let bytes = 0;
  let waitsForKey = true;
  const keep = (from: number): void => {
    waiting = waiting.slice(from);
    bytes = waiting.reduce((sum, fragment) => sum + fragment.bytes.byteLength, 0);
  };
  return {
    add(fragment) {
      if (waitsForKey && !fragment.key) return;
      waitsForKey = false;
      waiting.push(fragment);
      bytes += fragment.bytes.byteLength;
      if (bytes <= QUEUE_BYTES && waiting.length <= QUEUE_FRAGMENTS) return;
      const key = waiting.findLastIndex((one) => one.key);
      // A group of pictures longer than the whole queue: none of it can be shown any more.
      waitsForKey = key <= 0;
      keep(key <= 0 ? waiting.length : key);
    },
    takeAll() {
      if (waiting.length === 0) return null;
      const first = waiting[0]?.bytes;
      const all = waiting.length === 1 && first ? first : join(waiting, bytes);
      keep(waiting.length);
      return all;
    },
  };
};

const join = (fragments: readonly Fragment[], length: number): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(length);
  let at = 0;
  for (const { bytes } of fragments) {
    all.set(bytes, at);
    at += bytes.byteLength;
  }
  return all;
};
