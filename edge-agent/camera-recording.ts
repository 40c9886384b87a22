/** Recording of one camera: a recorder runs while there is something to record from and to, and a hole has its reason. */
import type { DesiredCamera } from "#functions/cidades/contract.ts";
import { backOff } from "./back-off.ts";
import type { CameraNeeds, Line, LineEnd } from "./camera.ts";
import { startRecorder, type Recorder } from "./recorder.ts";

const RECORDER_FAILURES = 3;
/** A recorder that ran this long was well. */
const HEALTHY_MS = 10_000;

type Running = { recording_id: string; line: Line; started: Promise<Recorder>; done: Promise<void> };

export const cameraRecording = (camera: DesiredCamera, needs: CameraNeeds, lineNow: () => Line | null) => {
  const retry = backOff({ first_ms: 1000, longest_ms: 30_000, breaker_ms: 60_000 });
  let recorder: Running | null = null;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let last_id: string | null = null;
  let ended = false;

  const note = (...[cause, detail]: Reason): void => {
    const { id: camera_id, recording_id } = camera;
    if (recording_id !== null) needs.gaps.interrupted({ camera_id, recording_id }, { cause, detail });
  };
  const attend = (): void => {
    if (ended) return;
    const line = lineNow();
    const wanted = needs.diskFull() ? null : camera.recording_id;
    if (last_id !== null && last_id !== camera.recording_id && recorder === null) needs.gaps.over(last_id);
    const fits = recorder !== null && recorder.recording_id === wanted && recorder.line === line;
    if (recorder !== null && !fits) return void stopped(recorder);
    if (recorder === null && needs.diskFull()) note("disk", "disk_reserve");
    if (recorder !== null || wanted === null || line === null) return;
    clearTimeout(timer);
    last_id = wanted;
    needs.gaps.resumed(wanted);
    const { video } = line.connection;
    const started = startRecorder(needs, { camera_id: camera.id, recording_id: wanted, video, tap: line.tap });
    recorder = { recording_id: wanted, line, started, done: follow(started) };
    needs.onChange();
  };
  const follow = async (started: Promise<Recorder>): Promise<void> => {
    const began = performance.now();
    const clean = await endedCleanly(started, needs, camera.id);
    recorder = null;
    needs.onChange();
    if (performance.now() - began > HEALTHY_MS) {
      failures = 0;
      retry.healthy();
    }
    if (clean) return attend();
    failures += 1;
    note("agent", "recorder");
    if (!ended) timer = setTimeout(attend, retry.failed());
  };
  return {
    attend,
    isRunning: () => recorder !== null,
    failing: () => failures >= RECORDER_FAILURES,
    /** The connection is over or does not come about. */
    interrupted: (why: LineEnd) => note(...reasonOf(why)),
    /** The stream is over: FFmpeg finishes its file by itself. */
    async lineEnded() {
      clearTimeout(timer);
      if (recorder !== null) await stopped(recorder);
    },
    async stop() {
      ended = true;
      clearTimeout(timer);
      if (recorder !== null) await stopped(recorder);
    },
  };
};

type Reason = [cause: "camera" | "disk" | "agent" | "clock", detail: string];

const reasonOf = (why: LineEnd): Reason => {
  if (why === "clock") return ["clock", "clock_jump"];
  return why === "restart" ? ["agent", "restart"] : ["camera", why];
};

const endedCleanly = async (started: Promise<Recorder>, { log }: CameraNeeds, camera_id: string): Promise<boolean> => {
  try {
    return (await (await started).ended).clean;
  } catch (error) {
    log.error("recorder not started", { camera_id, error });
    return false;
  }
};

const stopped = async ({ started, done }: Running): Promise<void> => {
  await started.then(
    (running) => running.stop(),
    () => undefined,
  );
  await done;
};
