/** How a camera is, and why: what its agent said within the last seconds, else what is stored. */
import type { Camera } from "#functions/cidades/contract.ts";
import type { CameraCause, CameraStatus } from "#lib/wire/agent.ts";
import type { KnownState } from "#console/live/link.ts";
import { useLink } from "#console/live/link-context.tsx";
import { useNow } from "#console/live/use-now.ts";
import { useMessages } from "#console/messages/language.tsx";
import { durationText } from "#console/ui/format.ts";
import { Mark, type MarkKind } from "#console/ui/mark.tsx";
import { useStore } from "#console/ui/store.ts";

const marks: Record<CameraStatus, MarkKind> = {
  INATIVA: "lost",
  CONECTANDO: "normal",
  ONLINE: "normal",
  PARADA: "attention",
  OFFLINE: "critical",
  DISCO_CHEIO: "critical",
};
/** Agents speak every two seconds. */
const FRESH_MS = 10_000;

export type Current = { status: CameraStatus; cause: CameraCause | null; since_ms: number };

export const currentOf = (camera: Camera, said: KnownState | undefined, monotonic: number): Current => {
  const stored = { status: camera.status, cause: camera.status_cause, since_ms: Date.parse(camera.status_since) };
  if (!camera.is_active) return { ...stored, status: "INATIVA", cause: null };
  return said !== undefined && monotonic - said.heard_at < FRESH_MS ? said : stored;
};

/** By camera, as of now. */
export const useCurrent = (): ((camera: Camera) => Current) => {
  const states = useStore(useLink().cameras);
  return (camera) => currentOf(camera, states.get(camera.id), performance.now());
};

export const CameraStatusText = ({ current }: { current: Current }) => {
  const m = useMessages();
  const now = useNow();
  const since = now === null ? "" : m.cameras.since(durationText(now - current.since_ms));
  return (
    <>
      <Mark kind={marks[current.status]}>{m.cameras.statuses[current.status]}</Mark>
      <div className="dim small">{current.cause === null ? since : `${m.causes[current.cause]} · ${since}`}</div>
    </>
  );
};
