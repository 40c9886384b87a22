/** Who asks: people with a password, cameras with a key. No answer, or none in time, is the status 0. */
import { administrator } from "#test/harness/system.ts";

export type Asked = { method: string; path: string; body?: unknown; headers?: Record<string, string> };
export type Heard = { status: number; body: unknown; text: string; says_when: boolean };
export type Person = { ask(asked: Asked): Promise<Heard> };

const ANSWER_MS = 12_000;

export const ask = async (url: string, { method, path, body, headers = {} }: Asked): Promise<Heard> => {
  try {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await answer.text();
    const says_when = answer.headers.has("retry-after");
    return { status: answer.status, body: text === "" ? null : (JSON.parse(text) as unknown), text, says_when };
  } catch {
    return { status: 0, body: null, text: "", says_when: false };
  }
};

/** Signs in when asked for the first time, and again when the session has ended. */
export const person = (url: string, { email, password }: { email: string; password: string }): Person => {
  let token: string | null = null;
  const signedIn = async (): Promise<Heard> => {
    const heard = await ask(url, {
      method: "POST",
      path: "/api/sessions",
      body: { email, password },
      headers: { origin: url },
    });
    token = (heard.body as { access_token?: string } | null)?.access_token ?? null;
    return heard;
  };
  const askAs = (bearer: string, asked: Asked): Promise<Heard> =>
    ask(url, { ...asked, headers: { ...asked.headers, authorization: `Bearer ${bearer}` } });
  return {
    async ask(asked) {
      if (token !== null) {
        const heard = await askAs(token, asked);
        if (heard.status !== 401) return heard;
      }
      const heard = await signedIn();
      if (token === null) return { ...heard, status: heard.status < 300 ? 0 : heard.status };
      return askAs(token, asked);
    },
  };
};

export const cameraWithKey = (url: string, key: string): Person => ({
  ask: (asked) => ask(url, { ...asked, headers: { ...asked.headers, authorization: `Bearer ${key}` } }),
});

/** The first to sign in, by the one-time link. */
export const firstAdministrator = async (url: string, link: string | null): Promise<Person> => {
  const secret = link?.split("#")[1] ?? "";
  await mustAsk(
    { ask: (asked) => ask(url, asked) },
    "POST",
    "/api/links/accept",
    { secret, ...administrator },
    { origin: url },
  );
  return person(url, administrator);
};

/** For what prepares a run, while everything is whole. */
export const mustAsk = async <T>(
  who: Person,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> => {
  const heard = await who.ask({ method, path, body, headers });
  if (heard.status < 200 || heard.status >= 300) throw new Error(`${method} ${path}: ${heard.status} ${heard.text}`);
  return heard.body as T;
};
