/**
 * A server of the run for a test file, at its top level, because what is left out must be known before tests are collected:
 *
 *   const told = await serverFor("redis");
 *   describe.skipIf(isMissing(told))(titled("cache: redis", "redis", told), () => {
 *     … present(told).url …                        inside hooks and tests
 *   });
 */
import { request } from "node:http";
import { inject } from "vitest";
import type { ServerName } from "./available.ts";
import type { Answers, Told } from "./control.ts";

/** Starts it where nobody has asked before. */
export const serverFor = async <N extends ServerName>(name: N): Promise<Told<N>> =>
  JSON.parse(await ask(`${inject("servers_url")}/${name}`)) as Told<N>;

export const isMissing = <N extends ServerName>(told: Told<N>): told is Told<N> & { missing: string } =>
  "missing" in told;

/** For suites that are left out where it is missing. */
export const present = <N extends ServerName>(told: Told<N>): Answers[N] => {
  if ("missing" in told) throw new Error(told.missing);
  return told as Answers[N];
};

/** `test/run.ts` counts what is left out by this mark. */
export const titled = <N extends ServerName>(title: string, name: N, told: Told<N>): string =>
  "missing" in told ? `${title} (without ${name})` : title;

/** `fetch` gives up after five minutes without an answer; an installation may take longer. */
const ask = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(url, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    asked.on("error", reject);
    asked.end();
  });
