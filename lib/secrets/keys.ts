/** Key rings of the installation: files in `SECRETS_DIR`, rights 0600, part of backup and restore. */

/** Who and which session; what they may is asked of the database, so that a change holds at once and a token stays small. */
export type AccessClaims = { sub: string; sid: string; sv: number };

/** One ring per purpose; the newest key writes, every key of the ring reads. */
export type Keys = {
  /** AES-256-GCM. `context` is bound as additional data, e.g. `cameras/<cidade_id>/<id>/url_rtsp`. Answers `v1.<key id>.<nonce>.<sealed>` */
  seal(plain: string, context: string): Promise<string>;
  /** Throws `internal` naming the key id when the key is gone or the text was tampered with. */
  open(sealed: string, context: string): Promise<string>;
  /** Access token, RS256 with `kid`. */
  signAccessToken(claims: AccessClaims): Promise<{ token: string; expires_at: Date }>;
  /** Throws `unauthorized`. Only RS256, only our keys, `exp` required, skew ≤ 30 s. */
  verifyAccessToken(token: string): Promise<AccessClaims>;
  jwks(): Promise<{ keys: Record<string, unknown>[] }>;
  /** HMAC-SHA-256 over `text`, lower-case hex, by the newest key of the ring, with its id. */
  mac(ring: "refresh" | "urls" | "cursors" | "streams", text: string): Promise<{ key_id: string; mac: string }>;
  /** Constant time; `false` also when the key id is unknown. */
  checkMac(
    ring: "refresh" | "urls" | "cursors" | "streams",
    text: string,
    signed: { key_id: string; mac: string },
  ): Promise<boolean>;
};
