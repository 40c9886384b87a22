/**
 * Which port of the demonstration's range a camera listens on. The address of a camera is kept in the database, so a data
 * folder keeps its ports; several folders on one machine agree by files in the temporary folder.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";

export const FIRST_PORT = 18_554;
export const LAST_PORT = 18_599;

/** `owner`: a path; its claim holds as long as the folder around it exists. Throws one sentence when none is left. */
export const claimPort = async (owner: string, claims = claimsFolder()): Promise<number> => {
  mkdirSync(claims, { recursive: true, mode: 0o700 });
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) {
    const file = join(claims, String(port));
    if (!claim(file, owner)) continue;
    if (await isFree(port)) return port;
    rmSync(file, { force: true });
  }
  throw new Error(
    `No port from ${FIRST_PORT} to ${LAST_PORT} is free for another camera. End a demonstration or an npm run camera.`,
  );
};

const claimsFolder = (): string => join(tmpdir(), `gt-vision-ports-${userInfo().uid}`);

/** Exclusive creation decides between two that claim at once. */
const claim = (file: string, owner: string): boolean => {
  const holder = existsSync(file) ? readFileSync(file, "utf8") : null;
  if (holder === owner) return true;
  if (holder !== null && existsSync(dirname(holder))) return false;
  rmSync(file, { force: true });
  try {
    writeFileSync(file, owner, { flag: "wx", mode: 0o600 });
    return true;
  } catch {
    return false;
  }
};

export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
