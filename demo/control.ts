/** Says on loopback which picture was sent when, and makes cameras suffer; for tests and curious people of this machine. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as z from "zod";
import type { Passage } from "./city.ts";
import type { SimulatedCamera } from "./rtsp/camera.ts";
import { faults } from "./rtsp/faults.ts";

export type ControlledCamera = {
  name: string;
  camera_id: string | null;
  fps: number;
  frames: number;
  passages: readonly Passage[];
  camera: SimulatedCamera;
};

export type Control = { url: string; close(): Promise<void> };

/** `cameras` is asked anew each time: they come one by one. */
export const openControl = async (cameras: () => readonly ControlledCamera[]): Promise<Control> => {
  const server = createServer((request, response) => {
    answer(request, cameras()).then(
      ([status, body]) => reply(response, status, body),
      () => reply(response, 400, { error: "not understood" }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const reply = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};

const Wanted = z.strictObject({ fault: z.enum(faults) });
const LONGEST_BODY = 1000;

const answer = async (request: IncomingMessage, cameras: readonly ControlledCamera[]): Promise<[number, unknown]> => {
  // A page of the web that had its name point here would send that name.
  if (!/^(?:127\.0\.0\.1|localhost):\d+$/.test(request.headers.host ?? "")) return [403, { error: "only 127.0.0.1" }];
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const [first, name = "", what, ...rest] = url.pathname.split("/").slice(1).map(decodeURIComponent);
  if (first !== "cameras" || rest.length > 0) return [404, { error: "there is /cameras" }];
  if (name === "" && request.method === "GET") return [200, { cameras: cameras.map(described) }];
  const found = cameras.find((one) => one.name === name || one.camera_id === name);
  if (!found) return [404, { error: "no such camera" }];
  if (what === "sent" && request.method === "GET") {
    return [200, { sent: found.camera.sent(Number(url.searchParams.get("frame") ?? Number.NaN)) }];
  }
  if (what === "fault" && request.method === "PUT") {
    await found.camera.setFault(Wanted.parse(JSON.parse(await readBody(request))).fault);
    return [200, described(found)];
  }
  return [404, { error: "there are GET sent?frame=N and PUT fault" }];
};

const described = ({ camera, ...rest }: ControlledCamera) => ({
  ...rest,
  port: camera.port,
  url: camera.url,
  fault: camera.fault(),
  viewers: camera.viewers(),
});

const readBody = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LONGEST_BODY) throw new Error("too long");
  }
  return text;
};
