/** Random secrets that people or browsers carry; only their hashes are stored. */
import { createHash, randomBytes } from "node:crypto";

/** 256 bits, safe in a URL. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");
