/** Cookies, for the refresh token alone. */
import { AppError } from "#lib/errors.ts";
import type { Grants } from "./define.ts";

/** What is set is pushed to `out`, one `Set-Cookie` each. `secure`: the request came over TLS. */
export const cookiesOf = (headers: Headers, secure: boolean, out: string[]): Grants["cookies"] => ({
  get(name) {
    for (const part of (headers.get("cookie") ?? "").split(";")) {
      const cut = part.indexOf("=");
      if (cut > 0 && part.slice(0, cut).trim() === name) return part.slice(cut + 1).trim();
    }
    return undefined;
  },
  set(name, value, { path, max_age_seconds }) {
    if (!/^[\w-]+$/.test(name) || !/^[\w.~-]*$/.test(value) || !/^\/[\w/.-]*$/.test(path)) {
      throw new AppError("internal", `The cookie ${name} cannot be written`);
    }
    // Without TLS we only listen on loopback, where not every browser keeps a Secure cookie.
    const guard = `HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
    out.push(`${name}=${value}; Path=${path}; Max-Age=${max_age_seconds}; ${guard}`);
  },
});

/** A browser says where a POST comes from; another site's page must not use our cookie. Programs say nothing. */
export const mustBeOwnOrigin = ({ headers, url }: Request): void => {
  const origin = headers.get("origin");
  if (origin === null) return;
  if (URL.canParse(origin) && new URL(origin).host === (headers.get("host") ?? new URL(url).host)) return;
  throw new AppError("forbidden", "This is for the console's own pages", { reason: "access.origin" });
};
