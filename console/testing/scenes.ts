/** Drawn traffic: a picture of a car that never was, with the plate that the test posts. */
import sharp from "sharp";

export type Scene = { image: string; plate_image: string };

const plateSvg = (plate: string): string => `
  <rect width="160" height="52" rx="4" fill="#e9ecef" stroke="#1f2a33" stroke-width="3"/>
  <rect width="160" height="13" rx="3" fill="#274b9f"/>
  <text x="80" y="44" font-family="monospace" font-weight="700" font-size="30" text-anchor="middle" fill="#10151a">${plate}</text>`;

const sceneSvg = (plate: string, colour: string): string => `
  <svg xmlns="http://www.w3.org/2000/svg" width="640" height="360">
    <rect width="640" height="150" fill="#8795a1"/>
    <path d="M0 150 H640 V360 H0 Z" fill="#565f66"/>
    <path d="M300 150 L340 150 L430 360 L210 360 Z" fill="#646d74"/>
    <path d="M316 160 h8 l4 40 h-16 z M312 230 h16 l6 70 h-28 z" fill="#c9ced2"/>
    <rect x="200" y="140" width="240" height="150" rx="26" fill="${colour}"/>
    <path d="M236 150 h168 l18 56 h-204 z" fill="#1c2730"/>
    <rect x="208" y="222" width="44" height="22" rx="8" fill="#f3e9b5"/>
    <rect x="388" y="222" width="44" height="22" rx="8" fill="#f3e9b5"/>
    <rect x="214" y="284" width="46" height="30" rx="6" fill="#12171b"/>
    <rect x="380" y="284" width="46" height="30" rx="6" fill="#12171b"/>
    <g transform="translate(262 250) scale(.72)">${plateSvg(plate)}</g>
  </svg>`;

export const drawScene = async (plate: string, colour = "#7c2f2a"): Promise<Scene> => {
  const scene = await sharp(Buffer.from(sceneSvg(plate, colour)))
    .jpeg({ quality: 80 })
    .toBuffer();
  const close = await sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="160" height="52">${plateSvg(plate)}</svg>`),
  )
    .resize(320)
    .jpeg({ quality: 85 })
    .toBuffer();
  return { image: scene.toString("base64"), plate_image: close.toString("base64") };
};
