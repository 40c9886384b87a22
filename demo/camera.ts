/** `npm run camera -- FILE`: a video file as an RTSP camera, for ever. */
import { parseArgs } from "node:util";
import type { Credentials } from "#lib/media/rtsp.ts";
import { FIRST_PORT, LAST_PORT, isFree } from "./ports.ts";
import { simulateCamera, type SimulatedCamera } from "./rtsp/camera.ts";
import { openVideoFile, type FileVideo } from "./video-file.ts";

const help = `A video file as an RTSP camera of this machine.

  npm run camera -- FILE               on the first free port from ${FIRST_PORT} to ${LAST_PORT}, which the local agent may dial
  npm run camera -- FILE --port N      on this one
  npm run camera -- FILE --user U:P    asks for a name and a password (Digest)

It plays FILE again and again until Ctrl-C. What is not H.264 without B-frames is made over once and kept.`;

type Options = { file: string; port: number | null; credentials: Credentials | null };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const main = async (): Promise<void> => {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  const options = readOptions(process.argv.slice(2));
  if (!options) return say(help);
  const opened = await openVideoFile({ file: options.file, say, signal: stopping.signal });
  const camera = await listen(options, opened);
  say(welcome(camera.url, options, opened));
  if (!stopping.signal.aborted) {
    await new Promise((resolve) => stopping.signal.addEventListener("abort", resolve, { once: true }));
  }
  await camera.close();
  say("Stopped. / Parada.");
};

/** `null`: help is wanted. Throws one sentence for people. */
const readOptions = (args: string[]): Options | null => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string" },
      user: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const [file, ...more] = positionals;
  if (!file || more.length > 0) throw new Error(`Which file? One, please.\n\n${help}`);
  const port = values.port === undefined ? null : Number(values.port);
  if (port !== null && (!Number.isInteger(port) || port < 1 || port > 65_535)) {
    throw new Error(`--port takes a whole number from 1 to 65535, not “${values.port}”.`);
  }
  return { file, port, credentials: values.user === undefined ? null : credentialsOf(values.user) };
};

const credentialsOf = (text: string): Credentials => {
  const cut = text.indexOf(":");
  if (cut < 1 || cut === text.length - 1) throw new Error("--user takes NAME:PASSWORD.");
  return { username: text.slice(0, cut), password: text.slice(cut + 1) };
};

const listen = async ({ port, credentials }: Options, { video }: FileVideo): Promise<SimulatedCamera> => {
  const open = (on: number) => simulateCamera({ video, port: on, ...(credentials ? { credentials } : {}) });
  if (port !== null) {
    if (!(await isFree(port)))
      throw new Error(`Port ${port} is taken on 127.0.0.1, or not yours to take. Try another: --port N.`);
    return open(port);
  }
  // From the end: the demonstration's own cameras take theirs from the beginning.
  for (let candidate = LAST_PORT; candidate >= FIRST_PORT; candidate -= 1) {
    const camera = await open(candidate).catch(() => null);
    if (camera) return camera;
  }
  throw new Error(`Every port from ${FIRST_PORT} to ${LAST_PORT} is taken. End another camera or name one: --port N.`);
};

const welcome = (
  url: string,
  { credentials, port }: Options,
  { video, codec, width, height, how }: FileVideo,
): string => {
  const seconds = (video.pictures.length / video.fps).toFixed(1);
  const fps = Number(video.fps.toFixed(2));
  const outside = port !== null && (port < FIRST_PORT || port > LAST_PORT);
  const [login, entrada] = credentials
    ? [
        `; user ${credentials.username} and the password you gave`,
        `; usuário ${credentials.username} e a senha que você deu`,
      ]
    : ["", ""];
  return [
    "",
    `  ${url}`,
    `  ${width} × ${height}, ${fps} fps, ${seconds} s, ${codec} ${how}`,
    "",
    `  Para adicionar: no console, Câmeras → Adicionar; endereço acima${entrada}. Ctrl-C encerra.`,
    `  To add it: in the console, Cameras → Add; the address above${login}. Ctrl-C ends it.`,
    ...(outside
      ? [
          "",
          `  O agente desta máquina só disca de ${FIRST_PORT} a ${LAST_PORT}. / The agent of this machine dials ${FIRST_PORT} to ${LAST_PORT} only.`,
        ]
      : []),
    "",
  ].join("\n");
};

main().catch((error: unknown) => {
  if (error instanceof Error && error.name === "AbortError") return;
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n\n`);
  process.exitCode = 1;
});
