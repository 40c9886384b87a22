/** Where a process's lines go: a file of bounded size with a few older ones beside it. */
import { createWriteStream, existsSync, renameSync, statSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";

const LIMIT_BYTES = 20 * 1024 * 1024;
const OLDER_FILES = 3;

export const logFile = (folder: string, name: string): Writable => {
  const path = join(folder, `${name}.log`);
  let size = existsSync(path) ? statSync(path).size : 0;
  let file: WriteStream = openQuietly(path);
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (size + chunk.byteLength > LIMIT_BYTES) {
        file.end();
        rotate(path);
        file = openQuietly(path);
        size = 0;
      }
      size += chunk.byteLength;
      // Logs give way: a full disk loses lines, never the service.
      file.write(chunk, () => done());
    },
    final(done) {
      file.end(() => done());
    },
  });
};

const openQuietly = (path: string): WriteStream => {
  const file = createWriteStream(path, { flags: "a", mode: 0o600 });
  file.on("error", () => {});
  return file;
};

const rotate = (path: string): void => {
  for (let age = OLDER_FILES - 1; age >= 1; age -= 1) {
    if (existsSync(`${path}.${age}`)) renameSync(`${path}.${age}`, `${path}.${age + 1}`);
  }
  if (existsSync(path)) renameSync(path, `${path}.1`);
};
