/** The thread in which the networks run: a call of ONNX Runtime holds its thread until it is done. */
import { parentPort, workerData } from "node:worker_threads";
import { findPlates, type Finds } from "./find-plates.ts";
import { openNetworks, wordsOf, type Luma, type NetworkName, type Provider } from "./networks.ts";
import type { DetectorPixels } from "./detector-size.ts";
import { standBack } from "./standing-back.ts";

export type WorkerData = {
  files: Record<NetworkName, Uint8Array>;
  provider: Provider;
  detector_pixels: DetectorPixels;
};
/** One at a time: an answer is to the question before it. */
export type Question = { kind: "find"; picture: Luma } | { kind: "end" };
export type Answer =
  | { kind: "ready"; provider: Provider; fallback: string | null }
  | { kind: "broken"; reason: string }
  | { kind: "found"; finds: Finds }
  | { kind: "failed"; reason: string };

const say = (answer: Answer): void => parentPort?.postMessage(answer);

const begin = async ({ files, provider, detector_pixels }: WorkerData): Promise<void> => {
  standBack();
  const opened = await openNetworks(files, provider);
  parentPort?.on("message", (question: Question) => {
    if (question.kind === "end") return parentPort?.close();
    void findPlates(opened.networks, question.picture, detector_pixels).then(
      (finds) => say({ kind: "found", finds }),
      (error: unknown) => say({ kind: "failed", reason: wordsOf(error) }),
    );
  });
  say({ kind: "ready", provider: opened.provider, fallback: opened.fallback });
};

await begin(workerData as WorkerData).catch((error: unknown) => say({ kind: "broken", reason: wordsOf(error) }));
