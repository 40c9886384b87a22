/** A media server's paths are our cameras': what the database wants of them is added, changed and removed. */
import { AppError } from "#lib/errors.ts";
import type { MediaServer } from "./media-server.ts";

/** As `read-desired-state` tells a site. */
export type WantedCamera = { id: string; url_rtsp: string };
export type CameraPaths = {
  /** Answers the cameras whose address no media server may dial: one such keeps none of the others out. */
  match(wanted: readonly WantedCamera[]): Promise<string[]>;
};

/** A path is named by its camera's id; what has another name is somebody's own, and left alone. */
const isOurs = (name: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);

export const cameraPaths = (server: MediaServer): CameraPaths => {
  /** What it has been asked for, it puts right by itself. */
  const asked = new Map<string, string>();

  const removeUnwanted = async (wanted: ReadonlySet<string>): Promise<void> => {
    for (const { name } of await server.paths()) {
      if (!isOurs(name) || wanted.has(name)) continue;
      await server.removePath(name);
      asked.delete(name);
    }
  };
  /** `false`: it is no address of a camera. */
  const place = async ({ id, url_rtsp }: WantedCamera): Promise<boolean> => {
    if (asked.get(id) === url_rtsp) return true;
    try {
      await server.addPath(id, url_rtsp);
    } catch (error) {
      if (error instanceof AppError && error.code === "malformed") return false;
      throw error;
    }
    asked.set(id, url_rtsp);
    return true;
  };

  return {
    match: async (wanted) => {
      await removeUnwanted(new Set(wanted.map(({ id }) => id)));
      const refused: string[] = [];
      for (const camera of wanted) if (!(await place(camera))) refused.push(camera.id);
      return refused;
    },
  };
};
