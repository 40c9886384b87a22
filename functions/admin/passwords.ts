/** Passwords: what may be one, and how they are kept (argon2id, OWASP's least parameters). */
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { AppError } from "#lib/errors.ts";

const hash = promisify(argon2);
const parameters = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
/** Each takes 19 MiB: more at once would be a way to exhaust the machine. */
const AT_ONCE = 2;
const QUEUE = 20;

/** Words that guess themselves; compared without case, accents and digits at the end. */
const common = [
  "senha",
  "password",
  "mudar",
  "administrador",
  "gtvision",
  "gt-vision",
  "qwertyuiop",
  "123456789012345",
  "abcdefghijklmno",
  "aaaaaaaaaaaaaaa",
];

/** Throws `invalid` with what is wrong. Length is the schema's business. */
export const checkPassword = (password: string, about: { email: string; nome: string }): void => {
  const plain = simplify(password);
  const context = [about.email, about.email.split("@")[0] ?? "", about.nome]
    .map(simplify)
    .filter((word) => word.length >= 4);
  const guessed = [...common.map(simplify), ...context].some((word) => plain.replaceAll(word, "").length < 6);
  if (guessed || new Set(plain).size < 5) {
    throw new AppError("invalid", "The password is easy to guess", {
      reason: "password.guessable",
      errors: [{ path: "password", code: "guessable" }],
    });
  }
};

const simplify = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "");

/** PHC string. */
export const hashPassword = async (password: string): Promise<string> => {
  const nonce = randomBytes(16);
  const tag = await limited(() => derive(password, nonce, parameters));
  const { memory, passes, parallelism } = parameters;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(nonce)}$${unpadded(tag)}`;
};

/** An unknown user costs the same time as a wrong password: `stored` is then null. */
export const verifyPassword = async (password: string, stored: string | null): Promise<boolean> => {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(stored ?? "");
  const [memory = 0, passes = 0, parallelism = 0] = parts ? parts.slice(1, 4).map(Number) : Object.values(parameters);
  const nonce = parts ? Buffer.from(parts[4] ?? "", "base64") : Buffer.alloc(16);
  const expected = parts ? Buffer.from(parts[5] ?? "", "base64") : Buffer.alloc(parameters.tagLength);
  const found = await limited(() =>
    derive(password, nonce, { memory, passes, parallelism, tagLength: expected.length }),
  );
  return timingSafeEqual(found, expected) && parts !== null;
};

/** Parameters rise with the years; a sign-in is when the password is at hand. */
export const isOutdated = (stored: string): boolean =>
  !stored.includes(`m=${parameters.memory},t=${parameters.passes},p=${parameters.parallelism}$`);

const derive = (
  password: string,
  nonce: Buffer,
  { memory, passes, parallelism, tagLength }: typeof parameters,
): Promise<Buffer> =>
  hash("argon2id", { message: Buffer.from(password.normalize("NFKC")), nonce, memory, passes, parallelism, tagLength });

const unpadded = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "");

const load = { running: 0, waiting: [] as (() => void)[] };

const limited = async <R>(work: () => Promise<R>): Promise<R> => {
  if (load.running >= AT_ONCE) {
    if (load.waiting.length >= QUEUE)
      throw new AppError("too_many", "Too many sign-ins at once", { reason: "sign_in.busy", retry_after_seconds: 2 });
    await new Promise<void>((resolve) => load.waiting.push(resolve));
  }
  load.running += 1;
  try {
    return await work();
  } finally {
    load.running -= 1;
    load.waiting.shift()?.();
  }
};
