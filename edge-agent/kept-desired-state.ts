/**
 * What the server desired last, on this machine's disk, so that a restart without the server goes on with it. It holds the cameras'
 * addresses with their passwords: it is sealed, and bound to this agent. The key lies beside the agent's own, which is worth no
 * less: what it keeps out is a copy of this one file, a backup of the spool, a search through a disk.
 */
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { DesiredCamera } from "#functions/cidades/contract.ts";
import type { Log } from "#lib/log.ts";
import { newRing, Ring } from "#lib/secrets/material.ts";
import { sealingBy } from "#lib/secrets/key-rings.ts";
import { readJson, writeDurably } from "./spool-files.ts";

export type KeptDesiredState = {
  /** As it was on the disk at the start; `null`: there was none, or none of ours. */
  atStart: readonly DesiredCamera[] | null;
  /** Durable when it resolves; what is kept already is not written again. */
  keep(cameras: readonly DesiredCamera[]): Promise<void>;
};

const KEYS = "seal-keys.json";
const STATE = "desired-state.sealed";
const Cameras = z.array(DesiredCamera);

export const openKeptDesiredState = async (dir: string, agent_id: string, log: Log): Promise<KeptDesiredState> => {
  const context = `agents/${agent_id}/desired-state`;
  const { seal, open } = sealingBy((await readJson(join(dir, KEYS), Ring)) ?? (await newKeys(dir)));
  const atStart = await readState(dir, (sealed) => open(sealed, context), log);
  let kept: readonly DesiredCamera[] | null = atStart;
  return {
    atStart,
    async keep(cameras) {
      if (isDeepStrictEqual(cameras, kept)) return;
      await writeDurably(dir, STATE, await seal(JSON.stringify(cameras), context));
      kept = cameras;
    },
  };
};

const newKeys = async (dir: string): Promise<z.infer<typeof Ring>> => {
  const ring = newRing(new Date());
  await writeDurably(dir, KEYS, JSON.stringify(ring));
  return ring;
};

const readState = async (
  dir: string,
  open: (sealed: string) => Promise<string>,
  log: Log,
): Promise<DesiredCamera[] | null> => {
  const file = join(dir, STATE);
  const sealed = await readFile(file, "utf8").catch(() => null);
  if (sealed === null) return null;
  try {
    return Cameras.parse(JSON.parse(await open(sealed)));
  } catch {
    // Not the error: what was opened and could not be read may stand in its words.
    await rename(file, `${file}.set-aside`);
    log.warn("the kept desired state is not one of this agent: set aside, the server is waited for", { file });
    return null;
  }
};
