/** Puts together what reads plates at the site. */
import { connectSight } from "#lib/vision/connect.ts";
import type { Server } from "../server-client.ts";
import { looksSender, type LooksSender } from "./looks-sender.ts";
import type { SiteEnvironment } from "./settings.ts";
import { openSiteReader, type SiteReader, type SiteReaderNeeds } from "./site-reader.ts";
import { openTrust } from "./trust.ts";

type Needs = Omit<SiteReaderNeeds, "looks" | "trust" | "sight"> & { server: Pick<Server, "call"> };

export const readAtSite = async (
  settings: SiteEnvironment,
  { server, ...needs }: Needs,
): Promise<{ reader: SiteReader; looks: LooksSender }> => {
  const { log } = needs;
  const trust = openTrust(log);
  const notOffered = (): void => trust.lose("the server takes no looks: it is older than this agent", false);
  const looks = looksSender({ server, log, notOffered });
  const sight = connectSight(settings, { log });
  return { reader: await openSiteReader({ ...needs, looks, trust, sight }), looks };
};
