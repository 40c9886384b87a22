/**
 * A decoded picture as the vision module passes it around: decoded once, then detection, straightening, reading and the pictures
 * that are stored all take their pixels from these same buffers. They lie in shared memory, so that a worker sees them uncopied.
 */
export type Picture = {
  /** Pixels, upright (a rotation that the file asked for is done). */
  width: number;
  height: number;
  /** `width` × `height` bytes, rows from the top, full range 0–255. The networks see nothing else. */
  luma: Uint8Array<SharedArrayBuffer>;
  colour: Colour;
};

export type Colour =
  /** Blue and red difference, half as wide and high (rounded up), BT.601 or BT.709 as the stream said. */
  | { form: "yuv420"; u: Uint8Array<SharedArrayBuffer>; v: Uint8Array<SharedArrayBuffer>; matrix: "bt601" | "bt709" }
  /** Interleaved, three bytes a pixel. */
  | { form: "rgb"; pixels: Uint8Array<SharedArrayBuffer> }
  /** A camera by infrared, or a grey file. */
  | { form: "grey" };

/** In pixels of the picture; a pixel's centre is its whole coordinate. */
export type Point = { x: number; y: number };
/** Left and top edge, size; inside the picture. */
export type Box = { x: number; y: number; width: number; height: number };
