import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { makePlateCamera, plateClient } from "#test/harness/plate-client.ts";
import { runsNow, signIn, startSystem, until, type RunningSystem } from "#test/harness/system.ts";

const root = join(import.meta.dirname, "..", "..");
const NOBODY = 65_534;

const folders: string[] = [];
const systems: RunningSystem[] = [];
const newFolder = (): string => mkdtempSync(join(tmpdir(), "gt-start-"));
const folder = (): string => {
  const made = newFolder();
  folders.push(made);
  return made;
};
const start = async (...options: Parameters<typeof startSystem>): Promise<RunningSystem> => {
  const system = await startSystem(...options);
  systems.push(system);
  return system;
};

afterEach(async () => {
  for (const system of systems.splice(0)) await system.kill();
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

/** Started again and again on one data folder: what is proven of one that runs needs no start of its own. */
const lasting: { data: string; system: RunningSystem | null } = { data: newFolder(), system: null };
const running = async (): Promise<RunningSystem> =>
  (lasting.system ??= await startSystem({ data: lasting.data, args: ["--no-demo"] }));
const stopped = async (): Promise<void> => {
  expect(await lasting.system?.stop()).toBe(0);
  lasting.system = null;
};
afterAll(async () => {
  await lasting.system?.kill();
  rmSync(lasting.data, { recursive: true, force: true });
}, 60_000);

/** What somebody types, without waiting for it to serve. */
const type = (...args: string[]) => {
  const typed = spawnSync(process.execPath, ["infra/local/start.ts", ...args], { cwd: root, encoding: "utf8" });
  return { code: typed.status, said: typed.stdout + typed.stderr };
};

describe("npm start", () => {
  test("explains itself without starting anything", () => {
    const data = join(folder(), "data");
    const { code, said } = type("--help", "--data", data);
    expect(code).toBe(0);
    for (const word of ["--port", "--data", "--no-demo", "--reset", "npm run link", "Ctrl-C"])
      expect(said).toContain(word);
    expect(existsSync(data)).toBe(false);
  });

  test("refuses what it cannot do in one sentence, with the way out", () => {
    expect(type("--port", "http")).toMatchObject({
      code: 1,
      said: expect.stringContaining("--port takes a whole number"),
    });
    expect(type("--listen", "0.0.0.0").said).toContain("Add --tls");
    expect(type("--reset", "--data", folder()).said).toContain("--yes");
  });

  test("keeps everything from one start to the next, and Ctrl-C leaves no process", { timeout: 180_000 }, async () => {
    const first = await running();
    expect(first.link()).toMatch(/\/first-access#[\w-]{40,}$/);
    const api = await signIn(first);
    const { body: city } = await api<{ id: string }>("POST", "/api/cities", {
      nome: "Cidade que fica",
      estado: "MG",
      plano_retencao_dias: 30,
    });
    await stopped();
    expect(runsNow(lasting.data)).toEqual([]);

    const second = await running();
    expect(second.link()).toBeNull();
    const kept = await (await signIn(second))<{ nome: string }>("GET", `/api/cities/${city.id}`);
    expect(kept.body.nome).toBe("Cidade que fica");
  });

  test("that meets a running one on its data says so and touches nothing", { timeout: 120_000 }, async () => {
    const system = await running();
    for (const more of [[], ["--reset", "--yes"]]) {
      const { code, said } = type("--data", system.data, "--port", "1", ...more);
      expect(code).toBe(1);
      expect(said).toContain("already runs");
    }
    expect((await fetch(`${system.url}/_/ready`)).status).toBe(200);
  });

  test("is measured by the names that dashboards know", { timeout: 120_000 }, async () => {
    const system = await running();
    const { key } = await makePlateCamera(await signIn(system), "Rua medida");
    await plateClient(system, key).post(3);
    const text = await until("three reads counted", 20_000, async () => {
      const measured = await (await fetch(`${system.url}/metrics`)).text();
      return measured.includes("ai_lpr_detections_total 3") ? measured : undefined;
    });
    for (const name of ["http_requests_total", "http_request_duration_seconds_bucket", "queue_messages"])
      expect(text).toContain(`${name}{`);
    expect(text).toMatch(/^streaming_active_cameras 0$/m);
    expect(text).toMatch(/^database_connections_active [1-9]\d*$/m);
  });

  test("after its supervisor was killed alone takes over what that left", { timeout: 180_000 }, async () => {
    const first = await running();
    await signIn(first);
    const supervisor = first.pids().find(({ name }) => name === "supervisor");
    process.kill(supervisor?.pid ?? 0, "SIGKILL");
    lasting.system = null;
    await signIn(await running());
    await stopped();
    await until("no process", 20_000, () => (runsNow(lasting.data).length === 0 ? true : undefined));
  });

  test("with --tls serves by a certificate of its own authority", { timeout: 120_000 }, async () => {
    const system = await start({ data: folder(), args: ["--no-demo", "--tls"] });
    const authority = /authority: (\S+)/.exec(system.output())?.[1] ?? "";
    const status = await new Promise((resolve, reject) => {
      const asked = request(system.url.replace("http:", "https:") + "/_/health", { ca: readFileSync(authority) });
      asked.on("response", ({ statusCode }) => resolve(statusCode)).on("error", reject);
      asked.end();
    });
    expect(status).toBe(200);
  });

  test.runIf(process.getuid?.() === 0)(
    "works for a plain user, in a checkout that is theirs to read only",
    {
      timeout: 240_000,
    },
    async () => {
      const checkout = readOnlyCopy();
      const data = join(folder(), "data");
      mkdirSync(data);
      chmodSync(join(data, ".."), 0o755);
      chownSync(data, NOBODY, NOBODY);
      const system = await start({ data, args: ["--no-demo"], checkout, uid: NOBODY });
      await signIn(system);
      const owners = new Set(
        system.pids().map(({ pid }) => /Uid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]),
      );
      expect(owners).toEqual(new Set([String(NOBODY)]));
      expect(await system.stop()).toBe(0);
    },
  );
});

/** A checkout may lie where only its owner comes. */
const readOnlyCopy = (): string => {
  const copy = folder();
  chmodSync(copy, 0o755);
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const file of listed.stdout.split("\n").filter((name) => name !== "" && existsSync(join(root, name)))) {
    cpSync(join(root, file), join(copy, file), { recursive: true });
  }
  const linked = spawnSync("cp", ["-al", join(root, "node_modules"), join(copy, "node_modules")]);
  if (linked.status !== 0)
    cpSync(join(root, "node_modules"), join(copy, "node_modules"), { recursive: true, verbatimSymlinks: true });
  return copy;
};
