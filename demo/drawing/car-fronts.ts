/** Cars as they come towards the camera. */
import { plateSize } from "./plates.ts";
import { CENTIMETRES_PER_MM, type Drawing, type Paint, type Shape } from "./vehicle-shapes.ts";

/** The same on both sides: drawn once, mirrored. */
export const bothSides = (svg: string): string => `${svg}<g transform="scale(-1 1)">${svg}</g>`;

export const gradients = (paint: Paint): string => `<defs>
  <linearGradient id="paint" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${paint.light}"/><stop offset="0.45" stop-color="${paint.base}"/><stop offset="1" stop-color="${paint.dark}"/></linearGradient>
  <linearGradient id="glass" x1="0" y1="0" x2="0.35" y2="1"><stop offset="0" stop-color="#9fb9c9"/><stop offset="0.4" stop-color="#41545f"/><stop offset="1" stop-color="#1d262c"/></linearGradient>
  <radialGradient id="shadow"><stop offset="0" stop-color="#000" stop-opacity="0.75"/><stop offset="0.7" stop-color="#000" stop-opacity="0.55"/><stop offset="1" stop-color="#000" stop-opacity="0"/></radialGradient>
</defs>`;

export const ground = (half: number): string =>
  `<ellipse cx="0" cy="1" rx="${half + 20}" ry="12" fill="url(#shadow)"/>`;

export const wheels = ({ half }: Shape): string =>
  bothSides(`<rect x="${half - 27}" y="-34" width="25" height="36" rx="6" fill="#15171a"/>`);

export const carFront = (shape: Shape, paint: Paint): Drawing => {
  const { half, nose, clearance } = shape;
  const plateTop = -(clearance + 27);
  return {
    body: [
      gradients(paint),
      ground(half),
      wheels(shape),
      cabin(shape, paint),
      hood(shape, paint),
      face(shape, paint),
    ].join(""),
    lit: headlamps(shape, "#fffbe8", "#ffffff"),
    lamps: [-1, 1].map((side) => ({ x: side * (half - 22), y: -(nose - 9), kind: "head" as const })),
    plate: {
      x: -(plateSize[1].width * CENTIMETRES_PER_MM) / 2,
      y: plateTop,
      rows: 1,
      scale: CENTIMETRES_PER_MM,
    },
  };
};

const cabin = ({ half, roof, roofHalf, belt }: Shape, paint: Paint): string => {
  const foot = half * 0.9;
  const glass = { top: roof - 9, half: roofHalf - 4, foot: foot - 9 };
  return `<path d="M${-foot} ${-belt}Q${-foot + 4} ${-belt - 12} ${-roofHalf - 3} ${-roof + 7}Q${-roofHalf + 3} ${-roof} ${-roofHalf + 16} ${-roof - 2}Q0 ${-roof - 5} ${roofHalf - 16} ${-roof - 2}Q${roofHalf - 3} ${-roof} ${roofHalf + 3} ${-roof + 7}Q${foot - 4} ${-belt - 12} ${foot} ${-belt}Z" fill="url(#paint)"/>
    <path d="M${-glass.foot} ${-belt - 1}L${-glass.half} ${-glass.top + 3}Q0 ${-glass.top - 5} ${glass.half} ${-glass.top + 3}L${glass.foot} ${-belt - 1}Q0 ${-belt - 9} ${-glass.foot} ${-belt - 1}Z" fill="url(#glass)"/>
    <path d="M${-glass.half * 0.35} ${-glass.top + 1}L${-glass.foot * 0.62} ${-belt - 4}H${-glass.foot * 0.2}L${glass.half * 0.02} ${-glass.top}Z" fill="#fff" opacity="0.13"/>
    ${bothSides(`<ellipse cx="${glass.foot * 0.46}" cy="${-belt - (roof - belt) * 0.32}" rx="11" ry="${(roof - belt) * 0.2}" fill="#10161a" opacity="0.55"/>
    <path d="M${foot - 2} ${-belt - 5}h10q6 0 6 6v3q0 4-5 4h-6q-5 0-5-5z" fill="${paint.dark}"/>`)}
    <circle cx="0" cy="${-glass.top + 5}" r="3" fill="#11161a" opacity="0.8"/>`;
};

const hood = ({ half, belt, nose }: Shape, paint: Paint): string => {
  const [back, front] = [half * 0.9, half * 0.97];
  return `<path d="M${-back} ${-belt}Q0 ${-belt - 9} ${back} ${-belt}L${front} ${-nose}Q0 ${-nose - 4} ${-front} ${-nose}Z" fill="${paint.base}"/>
    <path d="M${-back * 0.84} ${-belt - 1}Q0 ${-belt - 8} ${back * 0.84} ${-belt - 1}L${half * 0.5} ${-nose - 2}H${-half * 0.5}Z" fill="${paint.light}" opacity="0.6"/>
    <path d="M${-back} ${-belt}Q0 ${-belt - 9} ${back} ${-belt}" fill="none" stroke="#0c0f12" stroke-width="3" opacity="0.75"/>
    ${bothSides(`<path d="M${half * 0.66} ${-belt - 2}L${half * 0.48} ${-nose - 2}" stroke="${paint.dark}" stroke-width="1.6" opacity="0.8"/>`)}`;
};

const face = (shape: Shape, paint: Paint): string => {
  const { half, nose, clearance } = shape;
  const sill = clearance - 2;
  return `<path d="M${-half * 0.97} ${-nose - 1}Q0 ${-nose - 5} ${half * 0.97} ${-nose - 1}Q${half + 3} ${-nose + 14} ${half + 1} ${-sill - 14}Q${half} ${-sill} ${half - 10} ${-sill}H${-half + 10}Q${-half} ${-sill} ${-half - 1} ${-sill - 14}Q${-half - 3} ${-nose + 14} ${-half * 0.97} ${-nose - 1}Z" fill="url(#paint)"/>
    <path d="M${-half * 0.5} ${-nose + 1}H${half * 0.5}L${half * 0.43} ${-nose + 17}H${-half * 0.43}Z" fill="#14171b"/>
    ${[5, 9, 13].map((down) => `<path d="M${-half * 0.47} ${-nose + down}H${half * 0.47}" stroke="#59626a" stroke-width="1.2"/>`).join("")}
    <circle cx="0" cy="${-nose + 9}" r="6" fill="#c9ced3" stroke="#70777d" stroke-width="1.2"/>
    <path d="M${-half * 0.74} ${-sill - 26}H${half * 0.74}L${half * 0.66} ${-sill - 5}H${-half * 0.66}Z" fill="#1a1d21"/>
    ${bothSides(`<circle cx="${half * 0.82}" cy="${-sill - 14}" r="5.500" fill="#2a2e33"/><circle cx="${half * 0.82}" cy="${-sill - 14}" r="3.400" fill="#dfe6ea"/>`)}
    <path d="M${-half * 0.9} ${-sill - 2}H${half * 0.9}" stroke="${paint.deep}" stroke-width="4"/>
    ${headlamps(shape, "#dfe9ee", "#ffffff")}`;
};

const headlamps = ({ half, nose }: Shape, lens: string, heart: string): string =>
  bothSides(`<path d="M${half * 0.53} ${-nose + 2}L${half * 0.93} ${-nose - 3}Q${half} ${-nose + 3} ${half * 0.97} ${-nose + 13}Q${half * 0.8} ${-nose + 18} ${half * 0.56} ${-nose + 15}Z" fill="${lens}" stroke="#3b4248" stroke-width="1.4"/>
    <circle cx="${half * 0.78}" cy="${-nose + 7}" r="6" fill="${heart}" stroke="#9aa5ad" stroke-width="1"/>`);
