/** What is under way on each line of a server: its end cuts nothing that is still being answered, and rubbish gets an answer in our words. */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Reply } from "./reply.ts";

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

const makeLast = (response: ServerResponse): void => {
  if (response.headersSent) response.once("finish", () => response.req.socket.end());
  else response.setHeader("connection", "close");
};

/** Instead of Node's own bare answers. */
export const answerUnreadable = (
  server: Server,
  lines: Lines,
  refuse: (code: string | undefined, cause?: unknown) => Reply,
): void => {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const answers = lines.answering(socket);
    const [first] = answers;
    // Its other side is gone, or has half an answer: ours would be taken for the rest.
    if (!socket.writable || first?.headersSent) return void socket.destroy(error);
    // What came before it is answered; ours would be taken for that answer.
    if (first?.req.complete) return answers.forEach(makeLast);
    socket.end(bytesOf(refuse(error.code, error)), () => socket.destroy());
  });
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    const { status, headers, body } = refuse("EXPECTATION");
    response.writeHead(status, headers).end(body);
  });
};

const bytesOf = ({ status, headers, body }: Reply): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body ?? ""}`;
};
