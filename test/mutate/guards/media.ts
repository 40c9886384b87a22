import type { Guard } from "./guard.ts";

export const media: readonly Guard[] = [
  {
    guards: "the control API of MediaMTX is nobody else's",
    file: "lib/media-server/media-address.ts",
    find: 'if (!LOOPBACK.test(url.hostname)) throw malformed("the control API must be on loopback");',
    replace: "",
    tests: ["lib/media-server/media-address.test.ts"],
    title: "is refused with the reason",
  },
  {
    guards: "a reader of MediaMTX reads the path of its token",
    file: "gateway/media.ts",
    find: "grant?.camera_id === asked.data.path",
    replace: "grant",
    tests: ["gateway/media.test.ts"],
    title: "elsewhere",
  },
  {
    guards: "a token of MediaMTX is for reading alone",
    file: "gateway/media.ts",
    find: " || !isReading(asked.data)",
    replace: "",
    tests: ["gateway/media.test.ts"],
    title: "to do anything but read",
  },
  {
    guards: "whom MediaMTX asks about readers is put right",
    file: "lib/media-server/mediamtx.ts",
    find: "if (auth_url !== undefined && !(await api.asks(auth_url)))",
    replace: 'if (auth_url === "")',
    tests: ["test/contracts/media-server.test.ts"],
    title: "changed it by hand, is put right",
  },
  {
    guards: "the paths of MediaMTX are put right",
    file: "lib/media-server/mediamtx.ts",
    find: "if (await place(api, name, wanted, found.get(name))) put.push(name)",
    replace: 'if (name === "") put.push(name)',
    tests: ["test/contracts/media-server.test.ts"],
    title: "after it was killed",
  },
  {
    guards: "the words of MediaMTX are not given on",
    file: "lib/media-server/mediamtx-api.ts",
    find: 'throw new AppError("internal", "MediaMTX refused a request", {',
    replace: 'throw new AppError("internal", JSON.stringify(body), {',
    tests: ["test/faults/media.test.ts"],
    title: "without a camera's address",
  },
];
