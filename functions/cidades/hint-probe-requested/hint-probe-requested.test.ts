import { uuidv7 } from "#lib/ids.ts";
import { proveHint } from "#test/harness/messages.ts";
import { ProbeRequested } from "../contract.ts";

proveHint(
  "hint-probe-requested",
  "that an address waits to be looked at",
  ProbeRequested,
  // An address is always looked at by somebody.
  (agent_id) => ({ probe_id: uuidv7(), cidade_id: uuidv7(), agent_id: agent_id ?? "" }),
  "probe_waiting",
);
