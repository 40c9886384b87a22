import { expect, test } from "vitest";
import { asAppError } from "#lib/db/transaction.ts";
import { appErrorOf } from "./faults.ts";

const errorOf = (message: string, fields: object): Error => Object.assign(new Error(message), fields);

test.each(["server login has been failing, try again later (server_login_retry)", "server conn crashed?"])(
  "what PgBouncer says of its server is an outage: %s",
  (message) => {
    const said = errorOf(message, { code: "08P01", severity_local: "FATAL" });
    expect(asAppError(said)).toMatchObject({ code: "unavailable" });
    expect(appErrorOf(said)).toMatchObject({ code: "unavailable" });
  },
);

test("a mistake of ours in the protocol, which PostgreSQL itself finds, stays one", () => {
  const said = errorOf("bind message supplies 2 parameters", { code: "08P01", routine: "exec_bind_message" });
  expect(asAppError(said)).toBe(said);
  expect(appErrorOf(said)).toMatchObject({ code: "internal" });
});
