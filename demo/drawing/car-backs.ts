/** Cars as they drive away. */
import { bothSides, gradients, ground, wheels } from "./car-fronts.ts";
import { plateSize } from "./plates.ts";
import { CENTIMETRES_PER_MM, type Drawing, type Paint, type Shape, type VehicleKind } from "./vehicle-shapes.ts";

export const carBack = (kind: VehicleKind, shape: Shape, paint: Paint): Drawing => {
  const { half, belt, clearance } = shape;
  const lampTop = belt - 4;
  const lampHeight = kind === "sedan" ? 20 : 34;
  const plateTop = -((belt + clearance) / 2 + 16);
  return {
    body: [
      gradients(paint),
      ground(half),
      wheels(shape),
      cabin(shape),
      trunk(shape, paint),
      lamps(shape, lampTop, lampHeight, "#a5161d", "#c9323a"),
    ].join(""),
    lit: lamps(shape, lampTop, lampHeight, "#ff2b2b", "#ff7a6a"),
    lamps: [-1, 1].map((side) => ({ x: side * (half - 14), y: -(lampTop - lampHeight / 2), kind: "tail" as const })),
    plate: {
      x: -(plateSize[1].width * CENTIMETRES_PER_MM) / 2,
      y: plateTop,
      rows: 1,
      scale: CENTIMETRES_PER_MM,
    },
  };
};

const cabin = ({ half, roof, roofHalf, belt }: Shape): string => {
  const foot = half * 0.93;
  return `<path d="M${-foot} ${-belt}L${-roofHalf - 4} ${-roof + 8}Q${-roofHalf + 2} ${-roof - 1} ${-roofHalf + 18} ${-roof - 2}Q0 ${-roof - 5} ${roofHalf - 18} ${-roof - 2}Q${roofHalf - 2} ${-roof - 1} ${roofHalf + 4} ${-roof + 8}L${foot} ${-belt}Z" fill="url(#paint)"/>
    <path d="M${-foot + 14} ${-belt - 3}L${-roofHalf + 5} ${-roof + 13}Q0 ${-roof + 7} ${roofHalf - 5} ${-roof + 13}L${foot - 14} ${-belt - 3}Q0 ${-belt - 7} ${-foot + 14} ${-belt - 3}Z" fill="url(#glass)"/>
    <path d="M${-roofHalf * 0.2} ${-roof + 9}L${-foot * 0.5} ${-belt - 5}H${-foot * 0.12}L${roofHalf * 0.12} ${-roof + 9}Z" fill="#fff" opacity="0.12"/>
    <path d="M${-roofHalf * 0.3} ${-roof + 5}H${roofHalf * 0.3}" stroke="#7c1218" stroke-width="3"/>`;
};

const trunk = ({ half, belt, clearance }: Shape, paint: Paint): string => {
  const sill = clearance - 2;
  return `<path d="M${-half * 0.93} ${-belt - 1}Q0 ${-belt - 5} ${half * 0.93} ${-belt - 1}Q${half + 2} ${-belt + 12} ${half + 1} ${-sill - 12}Q${half} ${-sill} ${half - 10} ${-sill}H${-half + 10}Q${-half} ${-sill} ${-half - 1} ${-sill - 12}Q${-half - 2} ${-belt + 12} ${-half * 0.93} ${-belt - 1}Z" fill="url(#paint)"/>
    <path d="M${-half * 0.68} ${-belt + 1}L${-half * 0.64} ${-sill - 26}H${half * 0.64}L${half * 0.68} ${-belt + 1}" fill="none" stroke="${paint.deep}" stroke-width="1.8" opacity="0.8"/>
    <path d="M${-half * 0.98} ${-sill - 24}H${half * 0.98}" stroke="${paint.dark}" stroke-width="2"/>
    <path d="M${-half * 0.8} ${-sill - 11}H${half * 0.8}L${half * 0.72} ${-sill}H${-half * 0.72}Z" fill="#202428"/>
    <rect x="-34" y="${-(belt + clearance) / 2 - 20}" width="68" height="27" rx="5" fill="${paint.dark}"/>
    <path d="M${-half * 0.8} ${-belt - 1}Q0 ${-belt - 4} ${half * 0.8} ${-belt - 1}" fill="none" stroke="${paint.light}" stroke-width="2.500" opacity="0.7"/>
    <ellipse cx="${half * 0.56}" cy="${-sill + 1}" rx="7" ry="3.500" fill="#0e1012"/>`;
};

const lamps = ({ half }: Shape, top: number, height: number, glass: string, heart: string): string =>
  bothSides(`<path d="M${half * 0.7} ${-top + 2}L${half * 0.96} ${-top - 2}Q${half + 1} ${-top + height / 2} ${half} ${-top + height}L${half * 0.76} ${-top + height - 3}Z" fill="${glass}" stroke="#5b0d11" stroke-width="1.200"/>
    <path d="M${half * 0.79} ${-top + 5}L${half * 0.93} ${-top + 3}V${-top + height * 0.5}H${half * 0.8}Z" fill="${heart}"/>`);
