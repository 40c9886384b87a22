import type { Guard } from "./guard.ts";

const opening = ["lib/vision/open-vision.test.ts"];
const finding = ["lib/vision/find-plates.test.ts"];
const stills = ["lib/vision/still-pictures.test.ts"];

export const vision: readonly Guard[] = [
  {
    guards: "vision: a network is believed by its checksum only",
    file: "lib/vision/model-files.ts",
    find: "    if (!sums.split",
    replace: "    if (!sums && !sums.split",
    tests: opening,
    title: "single other bit",
  },
  {
    guards: "vision: a network of another version is told by what it takes and gives",
    file: "lib/vision/networks.ts",
    find: "      if (fault) throw",
    replace: "      if (fault && !fault) throw",
    tests: opening,
    title: "of another version",
  },
  {
    guards: "vision: what is no number is dropped",
    file: "lib/vision/find-plates.ts",
    find: 'return "unusable";',
    replace: "numbers.push([]);",
    tests: opening,
    title: "no number",
  },
  {
    guards: "vision: corners that make no plate are dropped",
    file: "lib/vision/find-plates.ts",
    find: "    else if (!isQuadrilateral(corners, picture)) finds.implausible += 1;\n",
    replace: "",
    tests: opening,
    title: "refined corners",
  },
  {
    guards: "vision: one place is one plate",
    file: "lib/vision/find-plates.ts",
    find: "> SAME_PLACE",
    replace: "> 2",
    tests: opening,
    title: "one place",
  },
  {
    guards: "vision: a bounded number of candidates is read",
    file: "lib/vision/find-plates.ts",
    find: "candidates.slice(0, MOST_CANDIDATES)",
    replace: "candidates",
    tests: finding,
    title: "only so many",
  },
  {
    guards: "vision: a worker that died is replaced",
    file: "lib/vision/worker-pool.ts",
    find: "      if (ready) return void seatIn(0);\n",
    replace: "      if (ready) return;\n",
    tests: opening,
    title: "again and again",
  },
  {
    guards: "vision: waiting callers are bounded",
    file: "lib/vision/worker-pool.ts",
    find: "if (calls.length >= most)",
    replace: "if (calls.length > 10_000)",
    tests: opening,
    title: "refused at once",
  },
  {
    guards: "vision: who gives up while waiting leaves the line",
    file: "lib/vision/worker-pool.ts",
    find: "          if (at >= 0) calls.splice(at, 1);\n",
    replace: "",
    tests: opening,
    title: "gives up while waiting",
  },
  {
    guards: "pictures: a huge one is refused by its header",
    file: "lib/vision/still-pictures.ts",
    find: "  if (pixels <= most) return null;",
    replace: "  if (pixels <= most || options.too_large === undefined) return null;",
    tests: stills,
    title: "huge picture",
  },
  {
    guards: "pictures: only kinds of pictures are opened",
    file: "lib/vision/still-pictures.ts",
    find: "about.format !== undefined && formats.has(about.format)",
    replace: "about.format !== undefined",
    tests: stills,
    title: "is refused as no picture",
  },
  {
    guards: "pictures: what is cut off before it begins is none",
    file: "lib/vision/still-pictures.ts",
    find: "< info.height * LEAST_SHARE",
    replace: "< 0",
    tests: stills,
    title: "nothing came",
  },
];
