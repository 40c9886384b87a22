/** The few boxes of fragmented MP4 that a player of ours has to read. ISO/IEC 14496-12. */

export type FragmentTime = {
  /** `tfdt`, in the track's timescale */
  decode_time: number;
  /** Of the first sample, where `trun` states one: presentation = decode + offset. */
  composition_offset: number;
};

/** Of the first track in a `moof`; null for what is no fragment. */
export const readFragmentTime = (bytes: Uint8Array): FragmentTime | null => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const traf = find(view, ["moof", "traf"], 0, view.byteLength);
  if (!traf) return null;
  const tfdt = find(view, ["tfdt"], traf.from, traf.to);
  if (!tfdt) return null;
  const version = view.getUint8(tfdt.from);
  const decode_time = version === 1 ? Number(view.getBigUint64(tfdt.from + 4)) : view.getUint32(tfdt.from + 4);
  return { decode_time, composition_offset: firstOffset(view, find(view, ["trun"], traf.from, traf.to)) };
};

/** Of the first track of an init segment (`moov/trak/mdia/mdhd`), units a second. */
export const readTimescale = (bytes: Uint8Array): number | null => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mdhd = find(view, ["moov", "trak", "mdia", "mdhd"], 0, view.byteLength);
  if (!mdhd) return null;
  return view.getUint32(mdhd.from + (view.getUint8(mdhd.from) === 1 ? 20 : 12));
};

type Box = { from: number; to: number };

const find = (view: DataView, path: readonly string[], from: number, to: number): Box | null => {
  const [name, ...rest] = path;
  for (let at = from; at + 8 <= to;) {
    const stated = view.getUint32(at);
    const large = stated === 1 && at + 16 <= to;
    const size = large ? Number(view.getBigUint64(at + 8)) : stated === 0 ? to - at : stated;
    if (size < 8) return null;
    if (nameAt(view, at + 4) === name) {
      const box = { from: at + (large ? 16 : 8), to: Math.min(at + size, to) };
      return rest.length === 0 ? box : find(view, rest, box.from, box.to);
    }
    at += size;
  }
  return null;
};

const nameAt = (view: DataView, at: number): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

const firstOffset = (view: DataView, trun: Box | null): number => {
  if (!trun) return 0;
  const flags = view.getUint32(trun.from) & 0xff_ff_ff;
  const version = view.getUint8(trun.from);
  if ((flags & 0x800) === 0 || view.getUint32(trun.from + 4) === 0) return 0;
  let at = trun.from + 8;
  for (const optional of [0x1, 0x4, 0x100, 0x200, 0x400]) if ((flags & optional) !== 0) at += 4;
  return version === 0 ? view.getUint32(at) : view.getInt32(at);
};
