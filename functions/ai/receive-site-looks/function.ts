import type { Tx } from "#lib/function/define.ts";
import { http } from "#lib/function/define.ts";
import { claimMessage } from "#lib/function/inbox.ts";
import { namedId } from "#lib/named-ids.ts";
import { SiteLooks, SiteLooksReceipt } from "../contract.ts";
import { keepLooks, mustBeOfToday } from "../kept-looks.ts";
import { looksOf } from "../looks.ts";
import { insertPassers } from "../passers.ts";
import { foundIn, mustBelongTogether, mustBeOwnCamera, passersIn, photographsIn } from "../site-looks.ts";

/** Of who reads frames here: one that was read here and at its site has one effect. */
const CLAIMED_AS = "read-plates";

export const receiveSiteLooks = http({
  name: "receive-site-looks",
  summary: "Takes the plates that an agent read in a frame at its site, and says whose pictures it wants",
  http: { method: "POST", path: "/api/agents/looks", access: "agent", max_body_bytes: 8 * 1024 * 1024 },
  needs: ["transaction", "objects", "clock"],
  timeout_seconds: 30,
  input: SiteLooks,
  output: SiteLooksReceipt,
  async handle(input, { transaction, objects, clock, caller }) {
    const [cidade_id = ""] = caller.cities;
    const { frame_id, camera_id, picture, carriers } = input;
    const frame = { id: frame_id, cidade_id, camera_id, captured_at: new Date(input.captured_at) };
    await transaction(({ sql }) => mustBeOwnCamera(sql, { agent_id: caller.id, cidade_id, camera_id }));
    mustBelongTogether(input);
    mustBeOfToday(frame, clock());
    const passers = passersIn(input);
    for (const { first_at } of passers) mustBeOfToday({ captured_at: first_at }, clock());
    const looks = looksOf(frame, picture, foundIn(input), carriers);
    const photographs = photographsIn(input, looks);
    const about = { frame, received_at: clock(), reader_version: `${input.reader_version}@site` };
    if (passers.length > 0) await transaction(({ sql }) => insertPassers(sql, about, passers));
    if (looks.length === 0) return { wanted: [] };
    const claim = { id: namedId(frame.captured_at, frame.id), cidade_id };
    const once = ({ sql }: Pick<Tx, "sql">): Promise<boolean> => claimMessage(sql, claim, CLAIMED_AS);
    const kept = await keepLooks({ transaction, objects, once }, about, looks, photographs);
    return { wanted: kept.kind === "wanted" ? kept.looks.map((look) => looks.indexOf(look)) : [] };
  },
});
