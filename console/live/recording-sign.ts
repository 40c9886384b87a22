/** Whether a camera is being recorded, as far as anybody knows now: what was asked for is not yet what happens. */
import type { Camera } from "#functions/cidades/contract.ts";
import { useStore } from "#console/ui/store.ts";
import { useLink } from "./link-context.tsx";
import type { KnownState } from "./link.ts";

export type RecordingSign = "recording" | "interrupted" | "unconfirmed" | "disk_full" | "off";

export const recordingSign = (
  camera: Pick<Camera, "recording" | "status">,
  known: KnownState | undefined,
): RecordingSign => {
  const status = known?.status ?? camera.status;
  if (!camera.recording) return "off";
  if (status === "DISCO_CHEIO") return "disk_full";
  if (!known || known.cause === "agent_away") return "unconfirmed";
  // A recorder that gets nothing records nothing.
  return known.recording && known.cause !== "silent" ? "recording" : "interrupted";
};

export const useRecordingSign = (camera: Camera): RecordingSign => {
  const known = useStore(useLink().cameras).get(camera.id);
  return recordingSign(camera, known);
};
