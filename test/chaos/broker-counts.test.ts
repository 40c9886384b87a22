import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { testDatabase } from "#test/harness/database.ts";
import { waitingIn } from "./broker-counts.ts";

const QUEUE = "streaming.cut-clip";

test("what waits is counted wherever it waits: in a queue, before its next try, as long work in the table; the dead are not", async () => {
  const database = await testDatabase();
  const listed = [
    { name: QUEUE, messages: 2 },
    { name: `${QUEUE}.retry.4s`, messages: 3 },
    { name: `${QUEUE}.park` },
    { name: `${QUEUE}.dlq`, messages: 100 },
  ];
  const server = createServer((_request, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(listed)),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  const management = `http://gt:word@127.0.0.1:${(server.address() as AddressInfo).port}`;
  await database.owner`
    insert into work (queue, event_id, event, run_at, published_at) values (${QUEUE}, ${uuidv7()}, '{}', now(), now())`;
  const addresses = { broker: "amqp://gt:word@127.0.0.1/a-host", management };
  expect((await waitingIn(addresses, database.owner)).get(QUEUE)).toBe(6);
  expect((await waitingIn({ broker: "postgres:", management: null }, database.owner)).get(QUEUE)).toBe(1);
  server.close();
  await database.close();
});
