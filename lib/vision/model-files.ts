/** The networks' files, believed only as their list of checksums names them. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { networkNames, type NetworkName } from "./networks.ts";

/** Lines as `sha256sum` writes and checks them; training's export writes it anew. */
export const SUMS = "SHA256SUMS";
const ADVICE = `Bring ${networkNames.map((name) => `${name}.onnx`).join(", ")} and ${SUMS} from one and the same release`;

export type ModelFiles = { files: Record<NetworkName, Uint8Array>; version: string } | { reason: string };

export const readModelFiles = async (folder: string): Promise<ModelFiles> => {
  const sums = await readFile(join(folder, SUMS), "utf8").catch(() => null);
  if (sums === null) return { reason: `${SUMS} is missing in the folder of the models. ${ADVICE}.` };
  const found: [NetworkName, Uint8Array][] = [];
  for (const name of networkNames) {
    const bytes = await readFile(join(folder, `${name}.onnx`)).catch(() => null);
    if (!bytes) return { reason: `${name}.onnx is missing in the folder of the models. ${ADVICE}.` };
    if (!sums.split("\n").includes(`${sha256(bytes)}  ${name}.onnx`)) {
      return { reason: `${name}.onnx is damaged or of another version than ${SUMS} says. ${ADVICE}.` };
    }
    found.push([name, bytes]);
  }
  const files = Object.fromEntries(found) as Record<NetworkName, Uint8Array>;
  return { files, version: sha256(Buffer.from(sums)).slice(0, 12) };
};

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
