/** Motorcycles carry one plate, of two rows, behind: they are drawn as they drive away. */
import { bothSides, gradients } from "./car-fronts.ts";
import { plateSize } from "./plates.ts";
import type { Drawing, Paint } from "./vehicle-shapes.ts";

/** Larger still than on cars: it is a small thing. */
const PLATE_SCALE = 0.16;

export const motorcycleBack = (paint: Paint): Drawing => ({
  body: [gradients(paint), machine, rider(paint), lamp("#a5161d")].join(""),
  lit: lamp("#ff2b2b"),
  lamps: [{ x: 0, y: -77, kind: "tail" }],
  plate: { x: -(plateSize[2].width * PLATE_SCALE) / 2, y: -68, rows: 2, scale: PLATE_SCALE },
});

const machine = `<ellipse cx="0" cy="1" rx="36" ry="7" fill="url(#shadow)"/>
  <rect x="-9" y="-60" width="18" height="61" rx="8" fill="#141619"/>
  <path d="M-9 -8H9M-9 -16H9" stroke="#3a3f45" stroke-width="1.500"/>
  <path d="M11 -44L26 -22L24 -14L9 -32Z" fill="#8f979e"/>
  ${bothSides(`<path d="M9 -34L22 -34V-26H9Z" fill="#2b2f34"/><path d="M14 -104L47 -112" stroke="#23272b" stroke-width="5"/><circle cx="47" cy="-121" r="6.500" fill="#30353a"/><path d="M44 -112L47 -120" stroke="#23272b" stroke-width="2"/><circle cx="27" cy="-74" r="4" fill="#e08a1e"/>`)}
  <path d="M-22 -70Q-24 -96 -13 -104H13Q24 -96 22 -70Q0 -62 -22 -70Z" fill="url(#paint)"/>
  <path d="M-14 -72H14L11 -52H-11Z" fill="#24282c"/>`;

const rider = (
  paint: Paint,
): string => `<path d="M-19 -84L-30 -56L-27 -36L-17 -40L-15 -58L-8 -84Z" fill="#2b3a55"/><path d="M19 -84L30 -56L27 -36L17 -40L15 -58L8 -84Z" fill="#2b3a55"/>
  <path d="M-21 -86Q-28 -128 -18 -141Q0 -149 18 -141Q28 -128 21 -86Q0 -78 -21 -86Z" fill="#394049"/>
  <path d="M-20 -138Q-38 -128 -43 -106L-36 -102Q-28 -116 -20 -120Z" fill="#394049"/><path d="M20 -138Q38 -128 43 -106L36 -102Q28 -116 20 -120Z" fill="#394049"/>
  <path d="M-16 -118H16" stroke="#e8ef5a" stroke-width="4" opacity="0.85"/>
  <ellipse cx="0" cy="-157" rx="15" ry="17" fill="${paint.base}"/><path d="M-14 -161Q0 -179 14 -161Q0 -168 -14 -161Z" fill="${paint.light}"/><path d="M-13 -148Q0 -140 13 -148" fill="none" stroke="${paint.deep}" stroke-width="3"/>`;

const lamp = (glass: string): string => `<rect x="-11" y="-82" width="22" height="10" rx="4" fill="${glass}"/>`;
