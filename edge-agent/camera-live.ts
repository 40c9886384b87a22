/** Live pictures of one camera: a socket while somebody watches, which outlives the connection to the camera. */
import type { CameraNeeds, Line } from "./camera.ts";
import { liveViewer, openLiveSocket, type LiveSocket } from "./live-sender.ts";
import type { Tap, Viewer } from "./stream-tap.ts";

export const cameraLive = (camera_id: string, needs: CameraNeeds, lineNow: () => Line | null) => {
  let socket: LiveSocket | null = null;
  let dialling = false;
  let open = false;
  let ended = false;
  let attached: { tap: Tap; viewer: Viewer } | null = null;
  const detach = (): void => {
    attached?.tap.detachViewer(attached.viewer);
    attached = null;
  };
  const attach = (): void => {
    const line = lineNow();
    if (!socket || !open || !line) return;
    detach();
    const viewer = liveViewer(socket.output, line.connection.video.parameter_sets);
    attached = { tap: line.tap, viewer };
    line.tap.attachViewer(viewer);
  };
  const dial = async (): Promise<void> => {
    dialling = true;
    try {
      const authorization = await needs.server.authorization();
      if (ended) return;
      socket = openLiveSocket(needs.server.socketUrl(`/agents/live/${camera_id}`), authorization, {
        open() {
          open = true;
          attach();
        },
        close() {
          detach();
          open = false;
          socket = null;
        },
      });
    } catch (error) {
      needs.log.warn("live not dialled", { camera_id, error });
    } finally {
      dialling = false;
    }
  };
  return {
    attach,
    detach,
    open() {
      // Without a picture there is nothing to send: the gateway asks again.
      if (!socket && !dialling && lineNow()) void dial();
    },
    close() {
      ended = true;
      socket?.close();
    },
  };
};
