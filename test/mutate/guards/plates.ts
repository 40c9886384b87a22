import type { Guard } from "./guard.ts";

export const plates: readonly Guard[] = [
  {
    guards: "nobody searches plates without a purpose",
    file: "functions/ai/search-plates/function.ts",
    find: "mustNamePurpose(purpose, purpose_reference);",
    replace: "",
    tests: ["functions/ai/search-plates"],
    title: "without a purpose",
  },
  {
    guards: "who searched for which plate is kept",
    file: "functions/ai/search-plates/function.ts",
    find: 'audit.note({ object_type: "plate_search", object_id: plate, cidade_id, purpose, details });',
    replace: "void cidade_id;",
    tests: ["functions/ai/search-plates"],
    title: "who searched",
  },
  {
    guards: "a watched plate alerts once per entry and event",
    file: "functions/ai/match-plate/function.ts",
    find: "if (inserted.length === 0) continue;",
    replace: "",
    tests: ["functions/ai/match-plate"],
    title: "delivered twice",
  },
  {
    guards: "the other layout of a plate is the same vehicle",
    file: "functions/ai/match-plate/function.ts",
    find: "twin === null ? [plate] : [plate, twin]",
    replace: "[plate]",
    tests: ["functions/ai/match-plate"],
    title: "other layout",
  },
  {
    guards: "what a camera posts is durable when it is answered",
    file: "functions/ai/receive-lpr-event/function.ts",
    find: "await insertRawPost(sql, {",
    replace: "void ({",
    tests: ["functions/ai/receive-lpr-event"],
    title: "stored as it came",
  },
  {
    guards: "a camera posts reads in its own name only",
    file: "functions/ai/receive-lpr-event/function.ts",
    find: "body.camera_id !== undefined && body.camera_id !== camera_id",
    replace: 'body.camera_id === ""',
    tests: ["functions/ai/receive-lpr-event"],
  },
  {
    guards: "a page of plates is read and not the whole city",
    file: "functions/ai/plate-reads.ts",
    find: "order by captured_at desc, id desc limit ${limit + 1}\n    ) e ${joinCamera(sql)} order by e.captured_at desc, e.id desc`;",
    replace:
      "order by captured_at desc, id desc\n    ) e ${joinCamera(sql)} order by e.captured_at desc, e.id desc limit ${limit + 1}`;",
    tests: ["test/gates/api.test.ts"],
    title: "page of a city",
  },
];
