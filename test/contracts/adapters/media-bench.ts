/** What a media server is surrounded by in its suite: cameras, whoever is asked about readers, and a reader. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { mediaRoutes } from "#gateway/media.ts";
import { AppError } from "#lib/errors.ts";
import { simulateCamera, type SimulatedCamera } from "#demo/rtsp/camera.ts";
import { NAL, nalType } from "#lib/media/h264.ts";
import { testVideo } from "#test/harness/video.ts";
import { PASSWORD, type HookMood, type SourceCamera } from "../media-server.ts";

const listening = async (server: Server): Promise<number> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

/** Known to everybody, and for one path each. */
export const tokenOf = (name: string): string => `token-for-${name}`;

/** The gateway's own route, and the faults that it might have. */
export const hookServer = async () => {
  const routes = mediaRoutes({
    liveGrantOf: async (token) => {
      const [, camera_id] = /^token-for-(gt-[0-9a-f-]{36})$/.exec(token) ?? [];
      if (camera_id === undefined) throw new AppError("unauthorized", "no such token");
      return { camera_id, cidade_id: "", agent_id: "", session_id: "" };
    },
  });
  const listen = getRequestListener(routes.fetch);
  let mood: HookMood = "well";
  const server = createHttpServer((request, response) => {
    if (mood === "well") return void listen(request, response);
    request.resume();
    if (mood === "500") response.writeHead(500).end();
    // What is there says no, should somebody follow.
    if (mood === "302") response.writeHead(302, { location: "/nowhere" }).end();
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}/media/authorise`,
    mood: (next: HookMood) => void (mood = next),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

const shared: { camera?: Promise<SimulatedCamera> } = {};
const simulated = (): Promise<SimulatedCamera> => (shared.camera ??= makeCamera());
const makeCamera = async (): Promise<SimulatedCamera> => {
  const pictures = testVideo({ seconds: 2, size: "160x90" }).map(({ nals, key }) => ({ nals, key }));
  const parameter_sets = (pictures[0]?.nals ?? []).filter((nal) => [NAL.sps, NAL.pps].includes(nalType(nal) as never));
  const credentials = { username: "operador", password: PASSWORD };
  return simulateCamera({ video: { pictures, fps: 25, parameter_sets }, port: 0, credentials });
};
export const closeCameras = async (): Promise<void> => (await shared.camera)?.close();

/** Each is a line of its own to the same simulated camera, so that who connects is counted. */
export const sourceCameras = () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  return {
    async camera(): Promise<SourceCamera> {
      const { port } = await simulated();
      let dialled = 0;
      const server = createServer((client) => {
        dialled += 1;
        const line = connect(port, "127.0.0.1");
        for (const socket of [client, line]) {
          sockets.add(socket);
          socket.on("error", () => undefined);
        }
        client.pipe(line).pipe(client);
      });
      servers.push(server);
      const own = await listening(server);
      return { url: `rtsp://operador:${PASSWORD}@127.0.0.1:${own}/stream`, dialled: () => dialled };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    },
  };
};

/** An RTSP reader's first request; how it is answered. A server whose settings were changed may listen anew for a moment. */
export const describeStream = async (address: string): Promise<number> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await describeOnce(address);
    } catch (error) {
      if (tries === READER_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};
const READER_TRIES = 30;

const describeOnce = async (address: string): Promise<number> => {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port || 554), hostname);
  try {
    await once(socket, "connect");
    socket.write(`DESCRIBE ${address} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`);
    const [answer] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as [unknown];
    if (!Buffer.isBuffer(answer)) throw new Error("the server hung up");
    return Number(/^RTSP\/1\.0 (\d+)/.exec(String(answer))?.[1]);
  } finally {
    socket.destroy();
  }
};
