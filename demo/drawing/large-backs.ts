/** Trucks and buses as they drive away. Their plates are as large as in the street: as wide as the vehicle is, nobody needs more. */
import { bothSides, gradients, ground, wheels } from "./car-fronts.ts";
import { plateSize } from "./plates.ts";
import type { Drawing, LargeKind, Paint, Shape } from "./vehicle-shapes.ts";

const CENTIMETRES_PER_MM = 0.1;

export const largeBack = (kind: LargeKind, shape: Shape, paint: Paint): Drawing => {
  const { half, clearance } = shape;
  const lampTop = clearance + 34;
  return {
    body: [
      gradients(paint),
      ground(half),
      wheels(shape),
      kind === "bus" ? busBody(shape, paint) : truckBody(shape, paint),
      lamps(shape, lampTop, "#a5161d"),
    ].join(""),
    lit: lamps(shape, lampTop, "#ff2b2b"),
    lamps: [-1, 1].map((side) => ({ x: side * (half - 16), y: -(lampTop - 7), kind: "tail" as const })),
    plate: {
      x: -(plateSize[1].width * CENTIMETRES_PER_MM) / 2,
      y: -(clearance + 26),
      rows: 1,
      scale: CENTIMETRES_PER_MM,
    },
  };
};

/** A closed box with two doors. */
const truckBody = ({ half, roof, clearance }: Shape, paint: Paint): string => {
  const foot = clearance + 44;
  return `<rect x="${-half}" y="${-roof}" width="${half * 2}" height="${roof - foot}" rx="4" fill="url(#paint)"/>
    <path d="M0 ${-roof + 4}V${-foot - 4}" stroke="${paint.deep}" stroke-width="3"/>
    ${bothSides(`<path d="M${half * 0.3} ${-roof + 8}V${-foot - 6}" stroke="${paint.dark}" stroke-width="4"/><path d="M${half - 6} ${-roof + 24}h5m-5 60h5m-5 60h5" stroke="${paint.deep}" stroke-width="5"/>`)}
    <rect x="${-half}" y="${-foot}" width="${half * 2}" height="12" fill="#22262b"/>
    <rect x="${-half * 0.94}" y="${-foot + 12}" width="${half * 1.88}" height="32" fill="#3a4047"/>
    <path d="M${-half * 0.94} ${-clearance - 4}H${half * 0.94}" stroke="#c9392f" stroke-width="5" stroke-dasharray="18 18"/>`;
};

const busBody = ({ half, roof, belt, clearance }: Shape, paint: Paint): string =>
  `<rect x="${-half}" y="${-roof}" width="${half * 2}" height="${roof - clearance}" rx="16" fill="url(#paint)"/>
    <rect x="${-half * 0.84}" y="${-roof + 34}" width="${half * 1.68}" height="${roof - belt - 40}" rx="10" fill="url(#glass)"/>
    <rect x="${-half * 0.5}" y="${-roof + 7}" width="${half}" height="20" rx="4" fill="#14171b"/>
    <rect x="${-half * 0.6}" y="${-belt + 8}" width="${half * 1.2}" height="${belt - clearance - 62}" rx="4" fill="${paint.dark}"/>
    <rect x="${-half}" y="${-clearance - 14}" width="${half * 2}" height="14" rx="4" fill="#22262b"/>`;

const lamps = ({ half }: Shape, top: number, glass: string): string =>
  bothSides(`<rect x="${half - 27}" y="${-top}" width="22" height="14" rx="3" fill="${glass}"/>`);
