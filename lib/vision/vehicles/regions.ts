/** Connected cells that are not the street. A hole of one cell, as paint like the street tears it, does not divide a vehicle. */
import { COLUMNS, ROWS, type Changed } from "./street.ts";

/** In cells; left and top edge, size. */
export type Region = { x: number; y: number; width: number; height: number };

/** Smaller ones are leaves, birds and noise. */
const LEAST_CELLS = 12;
const REACH = 2;

export const regionsOf = (changed: Changed): Region[] => {
  const open = Uint8Array.from(changed);
  const regions: Region[] = [];
  for (let cell = 0; cell < open.length; cell += 1) {
    const region = open[cell] === 1 ? taken(open, cell) : null;
    if (region) regions.push(region);
  }
  return regions;
};

const taken = (open: Uint8Array, first: number): Region | null => {
  const cells = [first];
  open[first] = 0;
  let [left, right, top, bottom] = [COLUMNS, 0, ROWS, 0];
  for (let at = 0; at < cells.length; at += 1) {
    const cell = cells[at] ?? 0;
    const [column, row] = [cell % COLUMNS, Math.floor(cell / COLUMNS)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    for (let y = Math.max(0, row - REACH); y <= Math.min(ROWS - 1, row + REACH); y += 1) {
      for (let x = Math.max(0, column - REACH); x <= Math.min(COLUMNS - 1, column + REACH); x += 1) {
        const next = y * COLUMNS + x;
        if (open[next] !== 1) continue;
        open[next] = 0;
        cells.push(next);
      }
    }
  }
  if (cells.length < LEAST_CELLS) return null;
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
};
