/** Every screen but the camera's own, walked in a real Chromium over a real database, socket and connector. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, openPage, stumbles, type WatchedPage } from "#console/testing/browser.ts";
import { drawScene } from "#console/testing/scenes.ts";
import { permissions } from "#lib/function/permissions.ts";
import { expectGood } from "#test/harness/shots.ts";
import { servedConsole, type ServedConsole } from "#test/harness/console.ts";
import { administrator, until } from "#test/harness/system.ts";
import type { TestClient } from "#test/harness/host.ts";

let served: ServedConsole;
let browser: Browser;
let watched: WatchedPage;
let page: Page;
let api: TestClient;
let camera: TestClient;
let agent: Awaited<ReturnType<ServedConsole["asAgent"]>>;
let city: { id: string; nome: string };

beforeAll(async () => {
  served = await servedConsole();
  await served.administrator();
  city = await served.city("Cidade Modelo");
  api = await served.as(permissions);
  agent = await served.asAgent(city.id);
  camera = await served.asCamera(city.id);
  await makeCameras();
  browser = await openBrowser();
  watched = await openPage(browser, served.url);
  page = watched.page;
});
afterAll(async () => {
  await watched?.close();
  await browser?.close();
  await served?.close();
});
afterEach(() => expect(watched.faults).toEqual([]));

const makeCameras = async (): Promise<void> => {
  await api.patch(
    `/api/cameras/${camera.id}`,
    { nome: "Portal Norte", localizacao: "Av. das Entradas, km 2" },
    { "if-match": '"1"' },
  );
  const added = ["Terminal Central", "Praça da Matriz", "Ponte do Rio"].map((nome, index) =>
    api.post("/api/cameras", {
      cidade_id: city.id,
      nome,
      localizacao: `Poste ${index + 1}`,
      url_rtsp: `rtsp://10.0.0.${index + 1}/stream1`,
    }),
  );
  const ids = (await Promise.all(added)).map(({ body }) => body.id as string);
  const state = { recording: true, last_captured_at_ms: Date.now(), bytes_per_second: 500_000 };
  await agent.post("/api/agents/camera-states", {
    cameras: [
      { camera_id: ids[0], status: "ONLINE", cause: null, since_ms: Date.now() - 3_600_000, ...state },
      { camera_id: ids[1], status: "OFFLINE", cause: "wrong_password", since_ms: Date.now() - 600_000, ...state },
      { camera_id: ids[2], status: "PARADA", cause: "silent", since_ms: Date.now() - 42_000, ...state },
    ],
  });
};

const post = async (plate: string, more: Record<string, unknown> = {}, colour?: string): Promise<void> => {
  const body = {
    plate,
    confidence: 0.93,
    detected_at: new Date().toISOString(),
    ...(await drawScene(plate, colour)),
    ...more,
  };
  expect((await camera.post("/api/lpr/events", body)).status).toBe(202);
};

const looksGood = (name: string): Promise<void> => expectGood(page, name);

const place = (name: string) => page.getByRole("navigation", { name: "Principal" }).getByRole("link", { name });

/** Two busy cores take their time; what is never there is named sooner, by the page's own patience. */
describe("the screens", { timeout: 90_000 }, () => {
  test("a wrong password is said in the reader's words, the right one opens the wall", async () => {
    await page.goto(served.url);
    await page.getByLabel("E-mail").fill(administrator.email);
    await page.getByLabel("Senha", { exact: true }).fill("certamente outra frase");
    await page.getByRole("button", { name: "Entrar" }).click();
    await page.getByRole("alert").getByText("E-mail ou senha errados.").waitFor();
    await looksGood("sign-in");
    await page.getByLabel("Senha", { exact: true }).fill(administrator.password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Mosaico" }).waitFor();
    await page.getByTestId("tile").first().waitFor();
    await looksGood("wall");
  });

  test("the cameras are listed with their state and its cause, and a recording is stopped only when asked again", async () => {
    await place("Câmeras").click();
    const wrong = page.getByTestId("camera").filter({ hasText: "Praça da Matriz" });
    await wrong.getByText("Fora do ar").waitFor();
    await wrong.getByText("usuário ou senha errados").waitFor();
    await looksGood("cameras");
    await page.getByRole("button", { name: "Parar gravação de Terminal Central" }).click();
    await page.getByRole("dialog").getByText('nada de "Terminal Central" será guardado').waitFor();
    await looksGood("stop-recording");
    await page.getByRole("dialog").getByRole("button", { name: "Parar gravação" }).click();
    await page.getByRole("button", { name: "Iniciar gravação de Terminal Central" }).waitFor();
  });

  test("a camera is edited in place: what another changed meanwhile is not overwritten", async () => {
    await page.getByRole("button", { name: "Editar Ponte do Rio" }).click();
    const form = page.getByTestId("edit-camera");
    await form.getByLabel("Local (opcional)").fill("Margem esquerda");
    await looksGood("edit-camera");
    const { body } = await api.get(`/api/cameras?cidade_id=${city.id}`);
    const known = body.items.find(({ nome }: { nome: string }) => nome === "Ponte do Rio");
    await api.patch(
      `/api/cameras/${known.id}`,
      { localizacao: "Margem direita" },
      { "if-match": `"${known.version}"` },
    );
    await form.getByRole("button", { name: "Salvar" }).click();
    await page.getByRole("dialog").getByText("Alguém mudou isto enquanto você editava").waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("camera").filter({ hasText: "Margem direita" }).waitFor();
  });

  test("a new camera is tested by the agent before it is saved, and each refusal says what to do", async () => {
    await page.getByRole("link", { name: "Adicionar câmera" }).click();
    const form = page.getByTestId("new-camera");
    await form.getByLabel("Nome").fill("Rodoviária");
    await form.getByLabel("Endereço RTSP").fill("http://10.0.0.9/video");
    await form.getByRole("button", { name: "Salvar câmera" }).click();
    await form.getByRole("alert").getByText("O endereço deve começar com rtsp://").waitFor();
    await form.getByLabel("Endereço RTSP").fill("rtsp://admin:errada@10.0.0.9/stream1");
    await form.getByRole("button", { name: "Testar endereço" }).click();
    await answerProbe({ ok: false, cause: "wrong_password", found: null });
    await page.getByTestId("probe-cause").getByText("Confira usuário e senha.").waitFor();
    await looksGood("probe-failed");
    await form.getByLabel("Endereço RTSP").fill("rtsp://admin:certa@10.0.0.9/stream1");
    await page.getByText("O endereço mudou depois deste teste.").waitFor();
    await form.getByRole("button", { name: "Testar endereço" }).click();
    const found = {
      codec: "h264",
      width: 1920,
      height: 1080,
      fps: 25,
      key_frame_seconds: 4,
      bits_per_second: 4_100_000,
      audio_codec: null,
    };
    await answerProbe({ ok: true, cause: null, found });
    await page.getByText("1920 × 1080").waitFor();
    await page.getByText("Quadros-chave distantes").waitFor();
    await looksGood("probe-found");
    await form.getByRole("button", { name: "Salvar câmera" }).click();
    await page.getByTestId("camera").filter({ hasText: "Rodoviária" }).waitFor();
  });

  /** Plays the agent at the site. */
  const answerProbe = async (result: { ok: boolean; cause: string | null; found: unknown }): Promise<void> => {
    const id = await until(
      "a waiting probe",
      10_000,
      async () => (await agent.post("/api/agents/probes/take", {})).body?.probe?.id as string | undefined,
    );
    expect((await agent.post("/api/agents/probes/report", { id, ...result })).status).toBe(204);
  };

  test("an agent's code is shown once, and a click beside it does not lose it", async () => {
    await page.getByRole("navigation", { name: "Câmeras" }).getByRole("link", { name: "Agentes" }).click();
    await page.getByRole("button", { name: "Novo agente" }).click();
    await page.getByLabel("Nome do agente").fill("Terminal Sul");
    await page.keyboard.press("Enter");
    const code = page.getByTestId("secret");
    await code.waitFor();
    expect(await code.textContent()).toMatch(/^([0-9A-Z]{4}-){5}[0-9A-Z]{4}$/);
    await page.mouse.click(10, 400);
    expect(await code.isVisible()).toBe(true);
    await looksGood("agent-code");
    await page.getByRole("dialog").getByRole("button", { name: "Fechar" }).last().click();
    await page.getByTestId("agent").filter({ hasText: "Terminal Sul" }).getByText("Aguarda ativação").waitFor();
    await looksGood("agents");
  });

  test("plates appear with their pictures as they pass, without asking", async () => {
    await place("Placas").click();
    await page.getByText("Nenhuma placa lida ainda").waitFor();
    await looksGood("plates-empty");
    await post("ABC1D23");
    await page.locator('[data-plate="ABC1D23"]').waitFor();
    for (const [index, plate] of ["GTV0A01", "GTV0A02", "XYZ1234", "QWE4R56"].entries()) {
      await post(
        plate,
        { direction: "approaching", confidence: index === 1 ? 0.62 : 0.95 },
        ["#2b4d7c", "#3c3f43", "#c9ccd1", "#274b36"][index],
      );
    }
    await page.locator('[data-plate="QWE4R56"]').waitFor();
    expect(await page.getByTestId("plate-read").first().getAttribute("data-plate")).toBe("QWE4R56");
    const picture = page.locator('[data-plate="QWE4R56"] img').first();
    await until(
      "the scene's picture",
      5000,
      async () => (await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)) || undefined,
    );
    await page.locator('[data-plate="GTV0A02"]').getByText("62 % de confiança").waitFor();
    await looksGood("plates");
  });

  test("one passage opens with all that is known of it and the way to its recording", async () => {
    await page.locator('[data-plate="ABC1D23"] a').click();
    const details = page.getByTestId("read-details");
    await details.getByText("93 %").waitFor();
    expect(await details.getByRole("link", { name: "Ver gravação" }).getAttribute("href")).toMatch(
      /^\/cameras\/[0-9a-f-]{36}\?.*at=/,
    );
    expect(new URL(page.url()).searchParams.get("read")).toBeTruthy();
    await looksGood("read");
    await page.keyboard.press("Escape");
    await details.waitFor({ state: "detached" });
  });

  test("a search needs its purpose, says what it will match, and finds", async () => {
    await page.getByRole("link", { name: "Busca" }).click();
    const form = page.getByTestId("plate-search");
    await form.getByLabel("Placa").fill("GTV*");
    await form.getByText("toda placa que começa com GTV").waitFor();
    await form.getByRole("button", { name: "Buscar" }).click();
    await form.getByText("Escolha a finalidade antes de buscar").waitFor();
    await looksGood("search-refused");
    await form.getByText("Ordem judicial").click();
    await form.getByRole("button", { name: "Buscar" }).click();
    await page.getByText("Esta finalidade pede o número do processo").first().waitFor();
    await form.getByLabel("Número do processo ou ofício").fill("0001234-56.2026.8.26.0100");
    await form.getByRole("button", { name: "Buscar" }).click();
    await page.getByTestId("found").getByText("2 leituras").waitFor();
    await looksGood("search");
    const searches = async () => (await served.audit()).filter(({ action }) => action === "search-plates");
    expect(await searches()).toEqual([
      expect.objectContaining({ result: "done", purpose: expect.stringContaining("court_order") }),
    ]);
    // An address that is opened again fills the form and asks nothing.
    await page.reload();
    await page.getByText("Informe a placa e a finalidade para buscar.").waitFor();
    expect(await form.getByLabel("Placa").inputValue()).toBe("GTV*");
    expect(await searches()).toHaveLength(1);
  });

  test("a list is made and a plate put on it, with a reason and an end", async () => {
    await place("Listas").click();
    await page.getByText("Nenhuma lista ainda").waitFor();
    await page.getByRole("button", { name: "Nova lista" }).click();
    const sheet = page.getByRole("dialog");
    await sheet.getByLabel("Nome da lista").fill("Veículos roubados");
    await sheet.getByLabel("Base legal (opcional)").fill("Convênio com a polícia");
    await sheet.getByLabel("Prioridade").selectOption("critical");
    await looksGood("new-list");
    await sheet.getByRole("button", { name: "Criar lista" }).click();
    const form = page.getByTestId("new-entry");
    await form.getByLabel("Placa").fill("1BC1D23");
    await form.getByLabel("Motivo").fill("Furto em 02/05");
    await form.getByRole("button", { name: "Incluir placa" }).click();
    await form.getByRole("alert").getByText("A placa deve ter o formato").waitFor();
    await form.getByLabel("Placa").fill("stv2e34");
    await form.getByRole("button", { name: "Incluir placa" }).click();
    await page.getByTestId("entry").getByText("STV2E34").waitFor();
    await page.getByText("STV2E34 incluída").waitFor();
    await looksGood("list");
  });

  test("a watched plate is seen as a toast and heard at once, and again each 10 s until somebody acknowledges it", async () => {
    await place("Placas").click();
    await page.getByTestId("plate-read").first().waitFor();
    await page.getByRole("button", { name: "Silenciar" }).waitFor();
    const before = (await watched.tones()).length;
    await post("STV2E34", {}, "#101214");
    const toast = page.getByTestId("toast");
    await toast.getByText("STV2E34").waitFor();
    await toast.getByText("Furto em 02/05").waitFor();
    expect(await page.getByTestId("alert-said").textContent()).toBe("Alerta Crítico: placa STV2E34");
    expect(await page.getByTestId("alert-count").getAttribute("aria-label")).toBe("1 alerta novo");
    await looksGood("toast");
    const tones = await until("the second tone", 20_000, async () => {
      const all = (await watched.tones()).slice(before);
      return all.length >= 2 ? all : undefined;
    });
    expect((tones[1] ?? 0) - (tones[0] ?? 0)).toBeGreaterThanOrEqual(9500);
    expect(await toast.isVisible()).toBe(true);
  });

  test("the queue works by keys: J and K choose, A acknowledges, and the sound ends with the last critical alert", async () => {
    await post("STV2E34", { event_id: "second", detected_at: new Date(Date.now() + 1000).toISOString() });
    await until(
      "two alerts",
      10_000,
      async () => (await page.getByTestId("alert-count").textContent()) === "2" || undefined,
    );
    await page.getByTestId("toast").first().getByRole("link", { name: "Ver alerta" }).click();
    await page.getByTestId("alert-detail").waitFor();
    const rows = page.getByTestId("alert-row");
    await rows.nth(1).waitFor();
    const chosen = (): Promise<number> =>
      rows.evaluateAll((all) => all.findIndex((row) => row.getAttribute("aria-current") === "true"));
    await page.keyboard.press("k");
    await until("the first row", 5000, async () => (await chosen()) === 0 || undefined);
    await looksGood("alerts");
    await page.keyboard.press("j");
    await until("the second row", 5000, async () => (await chosen()) === 1 || undefined);
    expect(await page.evaluate(() => document.activeElement?.id)).toMatch(/^alert-/);
    for (const left of [1, 0]) {
      await page.keyboard.press("a");
      await until(
        `${left} left`,
        5000,
        async () => (await page.getByTestId("alert-count").textContent()) === String(left) || undefined,
      );
    }
    await page.getByText("Nenhum alerta novo").waitFor();
    await looksGood("alerts-empty");
    await newerOnesStayAside();
    await page.getByRole("navigation", { name: "Alertas" }).getByRole("link", { name: "Reconhecidos" }).click();
    await page.getByTestId("alert-detail").getByText("Reconhecido por você").waitFor();
    await looksGood("alerts-done");
    const done = (await served.audit()).filter(({ action }) => action === "acknowledge-alert");
    expect(done).toHaveLength(4);
  });

  /** What is looked at stays, however many newer ones come: the key must not acknowledge what nobody has seen. */
  const newerOnesStayAside = async (): Promise<void> => {
    const rows = page.getByTestId("alert-row");
    await post("STV2E34", { event_id: "third", detected_at: new Date(Date.now() + 2000).toISOString() });
    await rows.first().waitFor();
    await page.getByTestId("alert-detail").waitFor();
    const seen = await rows.first().getAttribute("id");
    await post("STV2E34", { event_id: "fourth", detected_at: new Date(Date.now() + 3000).toISOString() });
    await rows.nth(1).waitFor();
    expect(await rows.nth(1).getAttribute("id")).toBe(seen);
    expect(await rows.nth(1).getAttribute("aria-current")).toBe("true");
    await page.keyboard.press("a");
    await rows.nth(1).waitFor({ state: "detached" });
    expect(await rows.first().getAttribute("id")).not.toBe(seen);
    await page.keyboard.press("a");
    await page.getByText("Nenhum alerta novo").waitFor();
  };

  test("a person is made with a role, and the link that is shown once lets them choose a password", async () => {
    await place("Usuários").click();
    await page.getByTestId("user").filter({ hasText: administrator.email }).waitFor();
    await page.getByRole("navigation", { name: "Usuários" }).getByRole("link", { name: "Papéis" }).click();
    await page.getByRole("button", { name: "Novo papel" }).click();
    const sheet = page.getByRole("dialog");
    await sheet.getByLabel("Nome do papel").fill("Operador");
    for (const name of ["Ver câmeras", "Ver ao vivo", "Ver alertas", "Reconhecer alertas"])
      await sheet.getByLabel(name, { exact: true }).check();
    await sheet.getByRole("button", { name: "Criar papel" }).click();
    await sheet.getByText("Já existe um papel com este nome").waitFor();
    await looksGood("new-role");
    await sheet.getByLabel("Nome do papel").fill("Plantão");
    await sheet.getByRole("button", { name: "Criar papel" }).click();
    await page.getByTestId("role").filter({ hasText: "Plantão" }).waitFor();
    await sheet.waitFor({ state: "detached" });
    await looksGood("roles");
    await page.getByRole("navigation", { name: "Usuários" }).getByRole("link", { name: "Usuários" }).click();
    await page.getByRole("button", { name: "Adicionar usuário" }).click();
    await sheet.getByLabel("Nome completo").fill("Pessoa Operadora");
    await sheet.getByLabel("E-mail").fill("operadora@example.org");
    await sheet.getByLabel("Papel").selectOption({ label: "Plantão" });
    await looksGood("new-user");
    await sheet.getByRole("button", { name: "Criar e mostrar link" }).click();
    const link = (await page.getByTestId("secret").textContent()) ?? "";
    await looksGood("user-link");
    await sheet.getByRole("button", { name: "Fechar" }).last().click();
    await page.getByTestId("user").filter({ hasText: "operadora@example.org" }).waitFor();
    await looksGood("users");
    await operatorSees(link);
  });

  /** In a browser of their own: what the role does not allow is not there, and says so where its address is typed. */
  const operatorSees = async (link: string): Promise<void> => {
    const theirs = await openPage(browser, served.url);
    await theirs.page.goto(link);
    await theirs.page.getByRole("heading", { name: "Criar sua conta" }).waitFor();
    await theirs.page.getByLabel("Nome completo").fill("Pessoa Operadora");
    await theirs.page.getByLabel("E-mail").fill("operadora@example.org");
    await theirs.page.getByLabel("Senha", { exact: true }).fill("uma frase bem comprida");
    await theirs.page.getByLabel("Repita a senha").fill("uma frase bem comprida");
    expect(await stumbles(theirs.page)).toEqual([]);
    await theirs.page.getByRole("button", { name: "Criar conta e entrar" }).click();
    await theirs.page.getByRole("heading", { name: "Mosaico" }).waitFor();
    const places = theirs.page.getByRole("navigation", { name: "Principal" }).getByRole("link");
    expect(await places.allTextContents()).toEqual(["Mosaico", "Alertas", "Câmeras"]);
    await theirs.page.goto(`${served.url}/users`);
    await theirs.page.getByText("Seu papel não permite ver esta página").waitFor();
    expect(theirs.faults).toEqual([]);
    await theirs.close();
  };

  test("the light theme and English are one press each and keep the contrast", async () => {
    await page.getByRole("button", { name: "Tema claro" }).click();
    await page.getByRole("button", { name: "Idioma: English" }).click();
    for (const [name, heading] of [
      ["Plates", "Plates"],
      ["Cameras", "Cameras"],
      ["Alerts", "Alerts"],
      ["Lists", "Watchlists"],
    ] as const) {
      await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
      await page.getByRole("heading", { name: heading, exact: true }).waitFor();
      await looksGood(`day-${name.toLowerCase()}`);
    }
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("day");
  });

  test("while the socket is cut every screen says so, and what passed meanwhile is there when it is back", async () => {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Plates" }).click();
    await page.getByTestId("plate-read").first().waitFor();
    const restore = await served.cutSockets();
    await page.getByTestId("link-lost").getByRole("alert").getByText("No connection to the server").waitFor();
    await post("LTE0R11");
    await looksGood("link-lost");
    restore();
    await page.locator('[data-plate="LTE0R11"]').waitFor();
    await page.getByTestId("link-lost").waitFor({ state: "detached" });
    // The browser notes each attempt that found nobody.
    const noted = watched.faults.filter((fault) => !/WebSocket connection to .* failed/.test(fault));
    watched.faults.splice(0, watched.faults.length, ...noted);
  });

  test("an address that leads nowhere says so", async () => {
    await page.goto(`${served.url}/nothing-here`);
    await page.getByText("There is no such page").waitFor();
    await looksGood("not-found");
  });

  test("the first page takes at most 230 kB of scripts and 20 kB of style over the wire", async () => {
    const first = await openPage(browser, served.url);
    const taken: { type: string; bytes: Promise<number> }[] = [];
    first.page.on("response", (response) => {
      const request = response.request();
      taken.push({
        type: request.resourceType(),
        bytes: request.sizes().then(({ responseBodySize }) => responseBodySize),
      });
    });
    await first.page.goto(served.url, { waitUntil: "networkidle" });
    await first.page.getByTestId("sign-in").waitFor();
    const sum = async (type: string): Promise<number> => {
      const sizes = await Promise.all(taken.filter((one) => one.type === type).map(({ bytes }) => bytes));
      return sizes.reduce((all, bytes) => all + bytes, 0) / 1000;
    };
    const [scripts, style] = [await sum("script"), await sum("stylesheet")];
    console.log(`first page: ${scripts.toFixed(0)} kB of scripts, ${style.toFixed(1)} kB of style`);
    expect(scripts).toBeGreaterThan(10);
    expect(scripts).toBeLessThanOrEqual(230);
    expect(style).toBeGreaterThan(1);
    expect(style).toBeLessThanOrEqual(20);
    expect(first.faults).toEqual([]);
    await first.close();
  });
});
