/** A graph of the shape of YOLOv8n (80 classes, without the last arithmetic on boxes) with weights by chance: it costs what that costs. */
import { onnxOf, type Attribute, type Graph, type Node } from "#test/harness/onnx.ts";

type Wire = { name: string; channels: number };

/** About 3.15 million weights, 8.7 billion operations at 640×640. */
export const yoloGraph = (side: number): Buffer => {
  const nodes: Node[] = [];
  const weights: Record<string, Graph["weights"][string]> = {};
  let state = 1;
  const chance = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32 - 0.5;
  const node = (op: string, inputs: string[], attributes: Record<string, Attribute> = {}, count = 1): string[] => {
    const outputs = Array.from({ length: count }, (_, at) => `w${nodes.length}_${at}`);
    nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  };
  const one = (...given: Parameters<typeof node>): string => node(...given)[0] ?? "";
  const plain = ({ name, channels }: Wire, to: number, size: number, stride = 1): Wire => {
    const [weight, bias] = [`k${nodes.length}`, `b${nodes.length}`];
    const fan = channels * size * size;
    const scale = Math.sqrt(12 / fan);
    weights[weight] = {
      dims: [to, channels, size, size],
      values: Float32Array.from({ length: to * fan }, () => chance() * scale),
    };
    weights[bias] = { dims: [to], values: new Float32Array(to).fill(0.1) };
    const pad = size >> 1;
    const how = { kernel_shape: [size, size], strides: [stride, stride], pads: [pad, pad, pad, pad] };
    return { name: one("Conv", [name, weight, bias], how), channels: to };
  };
  const conv = (from: Wire, to: number, size: number, stride = 1): Wire => {
    const { name } = plain(from, to, size, stride);
    return { name: one("Mul", [name, one("Sigmoid", [name])]), channels: to };
  };
  const concat = (...parts: Wire[]): Wire => ({
    name: one(
      "Concat",
      parts.map(({ name }) => name),
      { axis: 1 },
    ),
    channels: parts.reduce((sum, { channels }) => sum + channels, 0),
  });
  const c2f = (from: Wire, to: number, depth: number, shortcut: boolean): Wire => {
    const half = to / 2;
    const whole = conv(from, to, 1);
    const parts = node("Split", [whole.name], { axis: 1, num_outputs: 2 }, 2).map((name) => ({ name, channels: half }));
    for (let at = 0; at < depth; at += 1) {
      const last = parts.at(-1) as Wire;
      const next = conv(conv(last, half, 3), half, 3);
      parts.push(shortcut ? { name: one("Add", [last.name, next.name]), channels: half } : next);
    }
    return conv(concat(...parts), to, 1);
  };
  const larger = ({ name, channels }: Wire): Wire => ({
    name: one("Resize", [name, "", "twice"], {
      mode: "nearest",
      nearest_mode: "floor",
      coordinate_transformation_mode: "asymmetric",
    }),
    channels,
  });
  weights.twice = { dims: [4], values: Float32Array.from([1, 1, 2, 2]) };

  const p2 = c2f(conv(conv({ name: "images", channels: 3 }, 16, 3, 2), 32, 3, 2), 32, 1, true);
  const p3 = c2f(conv(p2, 64, 3, 2), 64, 2, true);
  const p4 = c2f(conv(p3, 128, 3, 2), 128, 2, true);
  const deep = c2f(conv(p4, 256, 3, 2), 256, 1, true);
  const pools = [conv(deep, 128, 1)];
  for (let at = 0; at < 3; at += 1) {
    const { name } = pools.at(-1) as Wire;
    const how = { kernel_shape: [5, 5], strides: [1, 1], pads: [2, 2, 2, 2] };
    pools.push({ name: one("MaxPool", [name], how), channels: 128 });
  }
  const p5 = conv(concat(...pools), 256, 1);
  const up4 = c2f(concat(larger(p5), p4), 128, 1, false);
  const out3 = c2f(concat(larger(up4), p3), 64, 1, false);
  const out4 = c2f(concat(conv(out3, 64, 3, 2), up4), 128, 1, false);
  const out5 = c2f(concat(conv(out4, 128, 3, 2), p5), 256, 1, false);
  const heads = [out3, out4, out5].map((level) =>
    concat(plain(conv(conv(level, 64, 3), 64, 3), 64, 1), plain(conv(conv(level, 80, 3), 80, 3), 80, 1)),
  );
  return onnxOf({
    nodes,
    weights,
    inputs: [{ name: "images", type: "float32", dims: [1, 3, side, side] }],
    outputs: heads.map(({ name, channels }, at) => {
      const cells = side / (8 << at);
      return { name, type: "float32" as const, dims: [1, channels, cells, cells] };
    }),
  });
};
