/** A real Chromium, and pages that keep what must not happen: errors, and requests to anybody but us. */
import { AxeBuilder } from "@axe-core/playwright";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

/** Shorter than a test's own limit, so that what was waited for is named. */
const PATIENCE_MS = 45_000;

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: EXECUTABLE, args: flags });

export type WatchedPage = {
  page: Page;
  /** What no test may meet: script errors, broken policies, answers of 500 and more, requests elsewhere. */
  faults: string[];
  /** Start of each tone that the page has played, ms of its own clock. */
  tones(): Promise<number[]>;
  close(): Promise<void>;
};

export const openPage = async (
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> => {
  const context = await browser.newContext({ locale: "pt-BR", viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    // A refusal is an answer that the page words; the browser notes it here whatever the page does with it.
    if (message.type() === "error" && !/^Failed to load resource: .* status of 4\d\d/.test(text))
      faults.push(`console: ${text}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(blob|data|about):/.test(url)) faults.push(`elsewhere: ${url}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.status()}: ${response.url()}`);
  });
  await page.addInitScript(countTones);
  return {
    page,
    faults,
    tones: () => page.evaluate(() => (window as unknown as { tones: number[] }).tones),
    close: () => context.close(),
  };
};

/** A tone is a handful of notes: those that begin within a second of the first are one. */
const countTones = (): void => {
  const tones: number[] = [];
  Object.assign(window, { tones });
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (this: OscillatorNode, when?: number) {
    const now = performance.now();
    const last = tones.at(-1);
    if (last === undefined || now - last > 100) tones.push(now);
    return start.call(this, when);
  };
};

/** What a screen reader, a keyboard or weak eyes would stumble over, by axe's rules. */
export const stumbles = async (page: Page): Promise<string[]> => {
  if (page.frames().length > 1) throw new Error("A page with frames in it is not looked at as a whole");
  // A third of the CPU: no page of its own for what lies in frames, and no lists of what is well.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ""}`),
  );
};
