import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { simulateCamera, type CameraOptions, type SimulatedCamera } from "#demo/rtsp/camera.ts";
import type { Fault } from "#demo/rtsp/faults.ts";
import { authParts } from "#lib/media/rtsp.ts";
import { testVideo } from "#test/harness/video.ts";
import { probeCamera } from "../probe.ts";
import { descriptionOf } from "../testing/scene.ts";
import { authorise } from "./authorise.ts";
import { parseNetworks } from "./networks.ts";
import { createSession } from "./session.ts";

const units = testVideo({ seconds: 2, group: 25 });
const video = { pictures: units, fps: 25, parameter_sets: descriptionOf(units).parameter_sets };
const local = parseNetworks(["127.0.0.1"]);
const probe = (url: string, networks = local) => probeCamera(url, networks, () => Date.now());

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
const camera = async (options: Partial<CameraOptions> = {}, fault?: Fault): Promise<SimulatedCamera> => {
  const simulated = await simulateCamera({ video, port: 0, ...options });
  open.push(simulated);
  if (fault) await simulated.setFault(fault);
  return simulated;
};
const withUser = (url: string, username: string, password: string): string => {
  const parsed = new URL(url);
  parsed.username = encodeURIComponent(username);
  parsed.password = encodeURIComponent(password);
  return parsed.href;
};
/** A peer that answers each request by its method. */
const peer = async (answers: (method: string, socket: Socket) => string | null): Promise<string> => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      for (const [, method = "", cseq = ""] of chunk.toString().matchAll(/^([A-Z_]+) rtsp.*\r\nCSeq: (\d+)/gm)) {
        const answer = answers(method, socket);
        if (answer !== null) socket.write(answer.replace("CSEQ", `CSeq: ${cseq}`));
      }
    });
    sockets.add(socket);
  });
  const sockets = new Set<Socket>();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
};

describe("a camera that is well", () => {
  test("is described: codec, size, pictures a second, distance of key frames, bits a second", async () => {
    const { url } = await camera();
    const { ok, cause, found } = await probe(url);
    expect([ok, cause]).toEqual([true, null]);
    expect(found).toMatchObject({ codec: "H264", width: 320, height: 180, audio_codec: null });
    expect(found?.fps).toBeGreaterThan(20);
    expect(found?.key_frame_seconds ?? 1).toBe(1);
  });

  test.each(["basic", "digest"] as const)("is reached by %s, whatever stands in the password", async (scheme) => {
    const credentials = { username: "operador", password: 'a@b:c/d#e%f g"h' };
    const { url } = await camera({ credentials, scheme });
    const { ok } = await probe(withUser(url, credentials.username, credentials.password));
    expect(ok).toBe(true);
  });

  test("is reached although its next key frame is far away", async () => {
    const slow = testVideo({ seconds: 4, group: 100 });
    const video = { pictures: slow, fps: 25, parameter_sets: descriptionOf(slow).parameter_sets };
    const { url, onPicture } = await camera({ video });
    // Just missed: the camera has nothing to show for almost four seconds.
    await new Promise<void>((resolve) => onPicture(({ frame }) => frame === 1 && resolve()));
    expect(await probe(url)).toMatchObject({ ok: true, found: { width: 320 } });
  });

  test("is reached when its channels are not those asked for", async () => {
    const { url } = await camera();
    const { port } = new URL(url);
    // Between both: the camera's answer and its packets speak of channels 4 and 5.
    const { connect } = await import("node:net");
    const server = createServer((client) => {
      const upstream = connect(Number(port), "127.0.0.1");
      for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
      client.pipe(upstream);
      let playing = false;
      upstream.on("data", (chunk: Buffer) => {
        if (!playing) client.write(chunk.toString("latin1").replace("interleaved=0-1", "interleaved=4-5"), "latin1");
        else client.write(moved(chunk));
        playing ||= chunk.includes("Session") && !chunk.includes("Transport");
      });
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
    });
    let rest = Buffer.alloc(0);
    const moved = (chunk: Buffer): Buffer => {
      const data = Buffer.concat([rest, chunk]);
      let at = 0;
      while (data[at] === 0x24 && at + 4 <= data.length && at + 4 + data.readUInt16BE(at + 2) <= data.length) {
        data[at + 1] = (data[at + 1] ?? 0) + 4;
        at += 4 + data.readUInt16BE(at + 2);
      }
      rest = data.subarray(at);
      return data.subarray(0, at);
    };
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push({ close: () => new Promise((resolve) => server.close(resolve)) });
    const result = await probe(`rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/stream`);
    expect(result).toMatchObject({ ok: true, found: { width: 320 } });
  });
});

describe("what is wrong is said in one word, within the time of a probe", () => {
  test.each([
    ["refuse", "refused"],
    ["wrong_password", "wrong_password"],
    ["garbage", "not_rtsp"],
    ["silent", "no_answer"],
    ["no_video", "no_video"],
    ["other_codec", "codec"],
    ["freeze", "silent"],
    ["redirect", "not_allowed"],
  ] as const)("%s → %s", async (fault, word) => {
    const { url } = await camera({}, fault);
    expect(await probe(url)).toMatchObject({ ok: false, cause: word });
  });

  test("a codec that is not recorded is named", async () => {
    const { url } = await camera({}, "other_codec");
    expect((await probe(url)).found).toMatchObject({ codec: "MP4V-ES", width: null });
  });

  test("a wrong password, and a password that was not given", async () => {
    const { url } = await camera({ credentials: { username: "u", password: "right" } });
    expect(await probe(withUser(url, "u", "wrong"))).toMatchObject({ ok: false, cause: "wrong_password" });
    expect(await probe(url)).toMatchObject({ ok: false, cause: "wrong_password" });
  });

  test("a name that leads nowhere", async () => {
    expect(await probe("rtsp://camera.invalid/x")).toEqual({ ok: false, cause: "name_not_found", found: null });
  });

  test("a peer that hangs up, one that speaks HTTP, one that does not know the path", async () => {
    const hangs = await peer((_, socket) => (socket.destroy(), null));
    const web = await peer(() => "HTTP/1.1 400 Bad Request\r\n\r\n");
    const other = await peer(() => "RTSP/1.0 404 Not Found\r\nCSEQ\r\n\r\n");
    expect((await Promise.all([hangs, web, other].map((url) => probe(url)))).map(({ cause }) => cause)).toEqual([
      "no_answer",
      "not_rtsp",
      "no_video",
    ]);
  });
});

describe("where it may not go", () => {
  test("no packet leaves: by address, by name, by number", async () => {
    const { url, port } = await camera();
    let connections = 0;
    const trap = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
    open.push({ close: () => new Promise((resolve) => trap.close(resolve)) });
    const at = (trap.address() as AddressInfo).port;
    const networks = parseNetworks(["private", `127.0.0.1:${port}`]);
    for (const host of ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"]) {
      expect(await probe(`rtsp://${host}:${at}/x`, networks)).toEqual({ ok: false, cause: "not_allowed", found: null });
    }
    expect(connections).toBe(0);
    expect((await probe(url, networks)).ok).toBe(true);
  });

  test("a redirection is refused although its target would be allowed", async () => {
    const { url } = await camera();
    let asked = 0;
    const leads = await peer(() => ((asked += 1), `RTSP/1.0 302 Found\r\nCSEQ\r\nLocation: ${url}\r\n\r\n`));
    expect(await probe(leads)).toMatchObject({ ok: false, cause: "not_allowed" });
    expect(asked).toBe(1);
  });
});

describe("proofs", () => {
  const credentials = { username: "u", password: "p" };
  const request = { method: "DESCRIBE", uri: "rtsp://h/x" };

  test("name what the camera asked for", () => {
    const digest = authorise(
      'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth", opaque="o"',
      credentials,
      request,
      "c",
    );
    expect(Object.fromEntries(authParts(digest))).toMatchObject({
      opaque: "o",
      qop: "auth",
      algorithm: "SHA-256",
      uri: "rtsp://h/x",
    });
    expect(authorise('Basic realm="r"', credentials, request, "c")).toBe("Basic dTpw");
  });

  const conversation = (answers: readonly string[]) => {
    const sent: string[] = [];
    const session = createSession("rtsp://h/x", credentials, (text) => {
      const [start = "", ...lines] = (answers[sent.push(text) - 1] ?? "RTSP/1.0 200 OK").split("\n");
      const challenges = lines.map((line) => line.replace("WWW-Authenticate: ", ""));
      return Promise.resolve({ start, headers: new Map(), challenges, body: "" });
    });
    return { sent, session };
  };
  const refused = (more: string): string => `RTSP/1.0 401 Unauthorized\nWWW-Authenticate: ${more}`;

  test("take the strongest of several challenges", async () => {
    const basicToo = `${refused('Basic realm="r"')}\nWWW-Authenticate: Digest realm="r", nonce="n"\nWWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256`;
    const { sent, session } = conversation([basicToo]);
    await session.ask("DESCRIBE", "rtsp://h/x");
    expect(sent[1]).toContain("algorithm=SHA-256");
    expect(sent[0]).not.toContain("Authorization");
  });

  test("are given once: a second refusal is a wrong password, not another try", async () => {
    const { sent, session } = conversation([
      refused('Digest realm="r", nonce="n"'),
      refused('Digest realm="r", nonce="m"'),
    ]);
    await expect(session.ask("DESCRIBE", "rtsp://h/x")).rejects.toMatchObject({ reason: "wrong_password" });
    expect(sent).toHaveLength(2);
    const later = conversation([
      refused('Digest realm="r", nonce="n"'),
      "RTSP/1.0 200 OK",
      refused('Digest realm="r"'),
    ]);
    await later.session.ask("DESCRIBE", "rtsp://h/x");
    await expect(later.session.ask("SETUP", "rtsp://h/x")).rejects.toMatchObject({ reason: "wrong_password" });
    expect(later.sent).toHaveLength(3);
  });

  test("are renewed when the camera calls them stale", async () => {
    const stale = refused('Digest realm="r", nonce="m", stale=true');
    const { sent, session } = conversation([refused('Digest realm="r", nonce="n"'), "RTSP/1.0 200 OK", stale]);
    await session.ask("DESCRIBE", "rtsp://h/x");
    await session.ask("SETUP", "rtsp://h/x");
    expect(sent[3]).toContain('nonce="m"');
  });
});
