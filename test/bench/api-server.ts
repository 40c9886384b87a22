/**
 * One of the two servers that the API's bench compares, as a process of its own: `kit`, every function of the catalogue behind
 * the product's host, or `bare`, node:http and postgres.js with the same statements in the same transactions.
 */
import type { Server } from "node:http";
import { catalogue } from "#functions/catalogue.ts";
import { connectCache } from "#lib/cache/connect.ts";
import { connectSql } from "#lib/db/connect.ts";
import { createHost } from "#lib/function/host.ts";
import { blindSight } from "#lib/vision/blind.ts";
import { serve } from "#lib/function/serve.ts";
import { createLog } from "#lib/log.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { Material } from "#lib/secrets/material.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { bareServer } from "./bare-server.ts";

const CONNECTIONS = 10;

export type FromServer = { listening: number } | { cpu_us: number };
const tell = (message: FromServer): void => void process.send?.(message);

const serveKit = async (): Promise<Server> => {
  const keys = keysFrom(Material.parse(JSON.parse(process.env["SECRETS"] ?? "")));
  const host = createHost({
    catalogue,
    grants: {
      sql: connectSql(process.env["DATABASE_URL"] ?? "", { max: CONNECTIONS }),
      system: connectSql(process.env["SYSTEM_DATABASE_URL"] ?? "", { max: CONNECTIONS }),
      objects: await connectObjects(`file:${process.env["OBJECTS"]}`, { keys }),
      cache: await connectCache("memory:"),
      keys,
      sight: blindSight("nobody looks"),
    },
    log: createLog({ context: "host" }),
  });
  return (await serve(host, { port: 0 })).server;
};

const serveBare = async (): Promise<Server> => {
  const server = bareServer(connectSql(process.env["DATABASE_URL"] ?? "", { max: CONNECTIONS }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
};

const server = await (process.argv[2] === "kit" ? serveKit() : serveBare());
const address = server.address();
tell({ listening: typeof address === "object" && address ? address.port : 0 });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  tell({ cpu_us: user + system });
});
process.on("disconnect", () => process.exit(0));
