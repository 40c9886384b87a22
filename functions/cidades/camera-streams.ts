/** What a camera's stream turned out to be. */
import { uuidv7 } from "#lib/ids.ts";
import type { TransactionSql } from "#lib/db/connect.ts";
import type { ProbeFound } from "./contract.ts";
import type * as z from "zod";

export const writeFoundStream = async (
  sql: TransactionSql,
  {
    cidade_id,
    camera_id,
    found,
    at,
  }: { cidade_id: string; camera_id: string; found: z.infer<typeof ProbeFound>; at: Date },
): Promise<void> => {
  const { codec, width, height, fps, key_frame_seconds } = found;
  await sql`
    insert into camera_streams (cidade_id, id, camera_id, perfil, codec, width, height, fps, key_frame_seconds, seen_at)
    values (${cidade_id}, ${uuidv7(at)}, ${camera_id}, 'main', ${codec}, ${width}, ${height}, ${fps}, ${key_frame_seconds}, ${at})
    on conflict (cidade_id, camera_id, perfil) do update set codec = excluded.codec, width = excluded.width, height = excluded.height,
      fps = excluded.fps, key_frame_seconds = excluded.key_frame_seconds, seen_at = excluded.seen_at`;
};
