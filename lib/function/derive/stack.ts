/** Deployables → OpenFaaS' `stack.yml`. Community Edition takes 15 functions, 5 replicas and no label of the Pro edition. */
import { stringify } from "yaml";
import * as z from "zod";
import { needsOf, type Need } from "../needs.ts";
import type { Listed } from "./entry.ts";

export type Image = "plain" | "ffmpeg" | "vision";
export type Deployable = { name: string; image: Image; functions: readonly Listed[] };

export const OPENFAAS_LIMIT = 15;
const MAX_REPLICAS = "5";

const limits: Record<Image, { memory: string; cpu: string }> = {
  plain: { memory: "256Mi", cpu: "1000m" },
  ffmpeg: { memory: "512Mi", cpu: "2000m" },
  vision: { memory: "1Gi", cpu: "2000m" },
};

const environmentOf: Record<Image, Record<string, string>> = {
  plain: {},
  ffmpeg: {},
  vision: { VISION_MODELS_DIR: "./models", VISION_PROVIDER: "${GT_VISION_PROVIDER:-auto}" },
};

/** Files in SECRETS_DIR, by what a deployable needs. Addresses are secrets because they carry passwords. */
const secretsOf: Record<Need, readonly string[]> = {
  sql: ["gt-database-url"],
  system: ["gt-system-database-url"],
  objects: ["gt-objects-url"],
  cache: ["gt-cache-url"],
  keys: [],
  sight: [],
};
/** Every process proves who may call its functions, and verifies what it signs. */
const always = ["seal", "refresh", "urls", "cursors", "streams", "tokens"]
  .map((ring) => `gt-${ring}.json`)
  .concat("gt-system-token");

export const stackText = (deployables: readonly Deployable[]): string => {
  const functions = Object.fromEntries(
    deployables.map(({ name, image, functions: own }) => {
      const catalogue = Object.fromEntries(
        own.map(({ definition }) => [definition.name, { [definition.name]: definition }]),
      );
      const needs = [...needsOf(catalogue)].toSorted();
      const seconds =
        Math.max(...own.map(({ definition }) => definition.timeout_seconds ?? ("http" in definition ? 10 : 60))) + 5;
      return [
        name,
        {
          lang: "dockerfile",
          handler: `./dist/${name}`,
          image: `\${GT_REGISTRY:-gt-vision}/${name}:\${GT_VERSION:-latest}`,
          environment: {
            SECRETS_DIR: "/var/openfaas/secrets",
            LOG_LEVEL: "info",
            TRUSTED_PROXIES: "${GT_TRUSTED_PROXIES:-10.0.0.0/8}",
            ...environmentOf[image],
            exec_timeout: `${seconds}s`,
          },
          secrets: [...needs.flatMap((need) => secretsOf[need]), ...always],
          labels: { "com.openfaas.scale.min": "1", "com.openfaas.scale.max": MAX_REPLICAS },
          annotations: { "gt-vision.functions": own.map(({ definition }) => definition.name).join(",") },
          limits: limits[image],
          requests: { memory: "96Mi", cpu: "50m" },
          readonly_root_filesystem: true,
        },
      ];
    }),
  );
  const stack = Stack.parse({
    version: "1.0",
    provider: { name: "openfaas", gateway: "${OPENFAAS_URL:-http://127.0.0.1:8080}" },
    functions,
  });
  const head =
    "# Written by `npm run derive` from functions/catalogue.ts and infra/deployables.ts. Changes here are lost.\n";
  return head + stringify(stack, { lineWidth: 0, aliasDuplicateObjects: false });
};

const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
  .max(63);
const texts = z.record(z.string(), z.string());
const amounts = z.strictObject({ memory: z.string().regex(/^\d+(Mi|Gi)$/), cpu: z.string().regex(/^\d+m$/) });
const communityLabels = z.enum(["com.openfaas.scale.min", "com.openfaas.scale.max", "com.openfaas.scale.factor"]);

/** `faas-cli` passes unknown keys in silence: this is the check it lacks. */
export const Stack = z.strictObject({
  version: z.literal("1.0"),
  provider: z.strictObject({ name: z.literal("openfaas"), gateway: z.string() }),
  functions: z
    .record(
      name,
      z.strictObject({
        lang: z.literal("dockerfile"),
        handler: z.string().startsWith("./"),
        image: z.string(),
        environment: texts,
        secrets: z.array(
          z
            .string()
            .regex(/^[a-z0-9][a-z0-9.-]*$/)
            .max(253),
        ),
        labels: z.partialRecord(communityLabels, z.string().regex(/^\d{1,2}$/)),
        annotations: texts,
        limits: amounts,
        requests: amounts,
        readonly_root_filesystem: z.boolean(),
      }),
    )
    .refine((functions) => Object.keys(functions).length <= OPENFAAS_LIMIT, "too many for the Community Edition"),
});
