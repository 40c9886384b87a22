/** A simulated camera on one of the ports that the agent of one machine may dial. */
import { simulateCamera, type SimulatedCamera } from "#demo/rtsp/camera.ts";
import { NAL, nalType } from "#lib/media/h264.ts";
import { testVideo, type VideoOptions } from "./video.ts";

const [FIRST_PORT, LAST_PORT] = [18_570, 18_599];

export const localCamera = async (
  options: VideoOptions & { credentials?: { username: string; password: string } },
): Promise<SimulatedCamera> => {
  const pictures = testVideo(options).map(({ nals, key }) => ({ nals, key }));
  const parameter_sets = (pictures[0]?.nals ?? []).filter((nal) => [NAL.sps, NAL.pps].includes(nalType(nal) as never));
  const video = { pictures, fps: options.fps ?? 25, parameter_sets };
  const credentials = options.credentials ? { credentials: options.credentials } : {};
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) {
    try {
      return await simulateCamera({ video, port, ...credentials });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    }
  }
  throw new Error(`no port is free from ${FIRST_PORT} to ${LAST_PORT}`);
};
