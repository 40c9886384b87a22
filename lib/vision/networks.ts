/** The three networks as ONNX Runtime runs them, one thread each. What they take and give: training/README.md. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as Ort from "onnxruntime-node";

export const networkNames = ["detector", "refiner", "reader"] as const;
export type NetworkName = (typeof networkNames)[number];

/** `width` × `height` bytes. */
export type Luma = { width: number; height: number; luma: Uint8Array };
/** Four points, x and y in turn, in pixels of the picture. */
export type Corners = Float32Array;

export type Networks = {
  /** Best first; `corners` hold 8 numbers each. */
  detect(small: Luma): Promise<{ corners: Float32Array; score: Float32Array; two_rows: Float32Array }>;
  refine(picture: Luma, corners: Corners): Promise<Corners>;
  read(
    picture: Luma,
    corners: Corners,
  ): Promise<{ characters: Float32Array; layout: Float32Array; sure: number; view: Float32Array }>;
};

export const VIEW = { width: 160, height: 64 } as const;

/** A side that the graph leaves open is `null`. */
type Form = { type: "uint8" | "float32"; shape: (number | null)[] };
const picture: Form = { type: "uint8", shape: [1, 1, null, null] };
const floats = (...shape: (number | null)[]): Form => ({ type: "float32", shape });

const forms: Record<NetworkName, { inputs: Record<string, Form>; outputs: Record<string, Form> }> = {
  detector: {
    inputs: { luma: picture },
    outputs: { corners: floats(null, 4, 2), score: floats(null), two_rows: floats(null) },
  },
  refiner: { inputs: { luma: picture, corners: floats(1, 4, 2) }, outputs: { refined: floats(1, 4, 2) } },
  reader: {
    inputs: { luma: picture, corners: floats(1, 4, 2) },
    outputs: {
      characters: floats(1, 7, 36),
      layout: floats(1, 4),
      sure: floats(1),
      view: floats(1, 1, VIEW.height, VIEW.width),
    },
  },
};

export type Provider = "cpu" | "cuda";
export type OpenedNetworks = { networks: Networks; provider: Provider; fallback: string | null };

/**
 * `fallback`: why the wanted provider was not taken. Throws with the name of the file that is not a network of this version.
 * A GPU that is there but refuses one of the graphs leaves all of them to the CPU.
 */
export const openNetworks = async (
  files: Record<NetworkName, Uint8Array>,
  wanted: Provider,
): Promise<OpenedNetworks> => {
  // Loaded here and not by an import: a machine without its library still starts, without models.
  const ort = await import("onnxruntime-node");
  const onCpu = async (fallback: string | null): Promise<OpenedNetworks> => ({
    networks: await open(ort, files, "cpu"),
    provider: "cpu",
    fallback,
  });
  if (wanted === "cpu") return onCpu(null);
  if (!hasCuda()) return onCpu("ONNX Runtime was installed without its library for NVIDIA cards");
  try {
    return { networks: await open(ort, files, wanted), provider: wanted, fallback: null };
  } catch (error) {
    return onCpu(wordsOf(error));
  }
};

/** Asked before it is tried: ONNX Runtime writes about a library that is not there to the terminal. */
const hasCuda = (): boolean => {
  const own = createRequire(import.meta.url).resolve("onnxruntime-node");
  const folder = join(dirname(own), "..", "bin", "napi-v6", process.platform, process.arch);
  return ["libonnxruntime_providers_cuda.so", "onnxruntime_providers_cuda.dll"].some((name) =>
    existsSync(join(folder, name)),
  );
};

export const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${wordsOf(error.cause)})`;
};

const open = async (ort: typeof Ort, files: Record<NetworkName, Uint8Array>, provider: Provider): Promise<Networks> => {
  const options: Ort.InferenceSession.SessionOptions = {
    executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    // It warns of weights that it could have folded; what matters is thrown.
    logSeverityLevel: 3,
  };
  const [detector, refiner, reader] = await Promise.all(
    networkNames.map(async (name) => {
      const session = await ort.InferenceSession.create(files[name], options).catch((cause: unknown) => {
        throw new Error(`${name}.onnx cannot be loaded`, { cause });
      });
      const fault = faultOf(session, name);
      if (fault) throw new Error(`${name}.onnx is of another version: ${fault}`);
      return session;
    }),
  );
  if (!detector || !refiner || !reader) throw new Error("a network is missing");
  return networksOf(ort, detector, refiner, reader);
};

const faultOf = (session: Ort.InferenceSession, name: NetworkName): string | null => {
  const { inputs, outputs } = forms[name];
  return faultIn(session.inputMetadata, inputs, "input") ?? faultIn(session.outputMetadata, outputs, "output");
};

const faultIn = (
  given: readonly Ort.InferenceSession.ValueMetadata[],
  wanted: Record<string, Form>,
  side: string,
): string | null => {
  for (const [name, { type, shape }] of Object.entries(wanted)) {
    const found = given.find((one) => one.name === name);
    if (!found?.isTensor) return `it has no ${side} ${name}`;
    if (found.type !== type) return `its ${side} ${name} is ${found.type}, not ${type}`;
    const fits =
      found.shape.length === shape.length && shape.every((size, at) => size === null || found.shape[at] === size);
    if (!fits) return `its ${side} ${name} is ${found.shape.join("×")}`;
  }
  return null;
};

const networksOf = (
  ort: typeof Ort,
  detector: Ort.InferenceSession,
  refiner: Ort.InferenceSession,
  reader: Ort.InferenceSession,
): Networks => {
  const lumaOf = ({ luma, width, height }: Luma): Ort.Tensor => new ort.Tensor("uint8", luma, [1, 1, height, width]);
  const cornersOf = (corners: Corners): Ort.Tensor => new ort.Tensor("float32", corners, [1, 4, 2]);
  const numbers = (results: Ort.InferenceSession.ReturnType, name: string): Float32Array => {
    const data = results[name]?.data;
    if (!(data instanceof Float32Array)) throw new Error(`the network gave no ${name}`);
    return data;
  };
  return {
    async detect(small) {
      const found = await detector.run({ luma: lumaOf(small) });
      return {
        corners: numbers(found, "corners"),
        score: numbers(found, "score"),
        two_rows: numbers(found, "two_rows"),
      };
    },
    async refine(frame, corners) {
      return numbers(await refiner.run({ luma: lumaOf(frame), corners: cornersOf(corners) }), "refined");
    },
    async read(frame, corners) {
      const read = await reader.run({ luma: lumaOf(frame), corners: cornersOf(corners) });
      return {
        characters: numbers(read, "characters"),
        layout: numbers(read, "layout"),
        sure: numbers(read, "sure")[0] ?? Number.NaN,
        view: numbers(read, "view"),
      };
    },
  };
};
