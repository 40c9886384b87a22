/** What is under way on each line of a server, so that its end cuts nothing that is still being answered. */
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export type Lines = {
  /** Answers under way on this line, oldest first. */
  answering(socket: Socket): ServerResponse[];
  /** Makes every answer under way the last on its line: kept alive, one would hold up the end until the drain is over. */
  letGo(): void;
};

export const watchLines = (server: Server, secure: boolean): Lines => {
  const open = new Map<ServerResponse, Socket>();
  /** How much each had sent when it last was quiet. */
  const quiet = new Map<Socket, number>();
  const state = { ending: false };

  server.on(secure ? "secureConnection" : "connection", (socket: Socket) => {
    quiet.set(socket, socket.bytesRead);
    socket.once("close", () => quiet.delete(socket));
  });
  server.prependListener("request", (request, response: ServerResponse) => {
    const { socket } = request;
    open.set(response, socket);
    response.once("close", () => {
      open.delete(response);
      if (quiet.has(socket)) quiet.set(socket, socket.bytesRead);
    });
    if (state.ending) makeLast(response);
  });

  const answering = (socket: Socket): ServerResponse[] =>
    [...open].flatMap(([response, of]) => (of === socket ? [response] : []));

  // Node's own, which `close` calls too, takes a line for idle once its answer was handed over, and cuts what of it still waits
  // for a slow reader.
  server.closeIdleConnections = () => {
    for (const [socket, read] of quiet) {
      if (socket.bytesRead === read && answering(socket).length === 0) socket.destroy();
    }
  };

  return {
    answering,
    letGo() {
      state.ending = true;
      for (const response of open.keys()) makeLast(response);
    },
  };
};

export const makeLast = (response: ServerResponse): void => {
  if (response.headersSent) response.once("finish", () => response.req.socket.end());
  else response.setHeader("connection", "close");
};
