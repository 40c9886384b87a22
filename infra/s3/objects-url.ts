/** `OBJECTS_URL` for commands: from the environment, or from the file that serving processes read it from. */
import { readSecretIfThere } from "#lib/secrets/files.ts";

export const objectsUrl = async (environment: {
  OBJECTS_URL?: string | undefined;
  SECRETS_DIR?: string | undefined;
}): Promise<string> => {
  const { OBJECTS_URL, SECRETS_DIR } = environment;
  const url = OBJECTS_URL ?? (SECRETS_DIR ? await readSecretIfThere(SECRETS_DIR, "gt-objects-url") : undefined);
  if (url === undefined)
    throw new Error("Environment: OBJECTS_URL is missing, and so is gt-objects-url in SECRETS_DIR");
  return url;
};
