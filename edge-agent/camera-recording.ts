/** Recording of one camera: a recorder runs while there is something to record from and to, and a hole has its reason. */
import type { DesiredCamera } from "#functions/cidades/contract.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { CameraCause } from "#lib/wire/agent.ts";
import { backOff } from "./back-off.ts";
import type { CameraNeeds, Line } from "./camera.ts";
import { startRecorder, type Recorder } from "./recorder.ts";

const RECORDER_FAILURES = 3;
/** A recorder that ran this long was well. */
const HEALTHY_MS = 10_000;
const SHORTEST_GAP_MS = 2000;

export const cameraRecording = (
  camera: DesiredCamera,
  needs: CameraNeeds,
  lineNow: () => Line | null,
  changed: () => void,
) => {
  const retry = backOff({ first_ms: 1000, longest_ms: 30_000, breaker_ms: 60_000 });
  let recorder: { recording_id: string; line: Line; started: Promise<Recorder>; done: Promise<void> } | null = null;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let gap: { starts_at: number; cause: CameraCause | null } | null = null;
  let ended = false;

  const attend = (): void => {
    if (ended) return;
    const line = lineNow();
    const wanted = needs.diskFull() ? null : camera.recording_id;
    const fits = recorder !== null && recorder.recording_id === wanted && recorder.line === line;
    if (recorder !== null && !fits)
      return void recorder.started.then(
        (running) => running.stop(),
        () => undefined,
      );
    if (recorder !== null || wanted === null || line === null) return;
    clearTimeout(timer);
    closeGap();
    const started = startRecorder(needs, {
      camera_id: camera.id,
      recording_id: wanted,
      video: line.connection.video,
      tap: line.tap,
    });
    recorder = { recording_id: wanted, line, started, done: follow(started) };
    changed();
  };
  const follow = async (started: Promise<Recorder>): Promise<void> => {
    const began = performance.now();
    const clean = await started.then(
      async ({ ended: over }) => (await over).clean,
      (error: unknown) => {
        needs.log.error("recorder not started", { camera_id: camera.id, error });
        return false;
      },
    );
    recorder = null;
    changed();
    if (performance.now() - began > HEALTHY_MS) {
      failures = 0;
      retry.healthy();
    }
    if (clean) return attend();
    failures += 1;
    if (!ended) timer = setTimeout(attend, retry.failed());
  };
  const closeGap = (): void => {
    if (gap === null) return;
    const { starts_at, cause } = gap;
    gap = null;
    if (needs.now() - starts_at < SHORTEST_GAP_MS) return;
    const times = { starts_at: new Date(starts_at).toISOString(), ends_at: new Date(needs.now()).toISOString() };
    const kept = { camera_id: camera.id, ...times, cause: "camera" as const, detail: cause };
    needs.spool
      .keepGap(uuidv7(needs.now()), kept)
      .catch((error: unknown) => needs.log.warn("gap not kept", { camera_id: camera.id, error }));
  };
  return {
    attend,
    isRunning: () => recorder !== null,
    failing: () => failures >= RECORDER_FAILURES,
    interrupted(since: number, cause: CameraCause | null) {
      if (camera.recording_id !== null) gap ??= { starts_at: since, cause };
      else gap = null;
    },
    /** The stream is over: FFmpeg finishes its file by itself. */
    async lineEnded() {
      const last = recorder;
      if (last === null) return;
      await last.started.then(
        (running) => running.stop(),
        () => undefined,
      );
      await last.done;
    },
    async stop() {
      ended = true;
      clearTimeout(timer);
      const last = recorder;
      await last?.started.then(
        (running) => running.stop(),
        () => undefined,
      );
      await last?.done;
    },
  };
};
