/** What cameras posted, as it came, until it is parsed. */
import type { TransactionSql } from "#lib/db/connect.ts";

/** Which parser reads a body. */
export type Form = "gt-vision-json";

export type RawPost = {
  cidade_id: string;
  id: string;
  camera_id: string;
  form: string;
  content_type: string;
  body: Uint8Array;
  received_at: Date;
  address: string;
  correlation_id: string;
};

export const insertRawPost = async (sql: TransactionSql, post: RawPost): Promise<void> => {
  await sql`insert into raw_posts ${sql({ ...post, body: Buffer.from(post.body) })}`;
};

export const findRawPost = async (sql: TransactionSql, cidade_id: string, id: string): Promise<RawPost | null> => {
  const [row] = await sql<RawPost[]>`select * from raw_posts where cidade_id = ${cidade_id} and id = ${id}`;
  return row ?? null;
};

export const deleteRawPost = (sql: TransactionSql, cidade_id: string, id: string) =>
  sql`delete from raw_posts where cidade_id = ${cidade_id} and id = ${id}`;

/** What could not be parsed, or not yet: past the plan its read would go at once. */
export const deleteOldPosts = (sql: TransactionSql, cidade_id: string, before: Date) =>
  sql`delete from raw_posts where cidade_id = ${cidade_id} and received_at < ${before}`;
