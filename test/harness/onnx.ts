/**
 * ONNX files written by hand, for networks that answer what a test wants and for graphs that only have to cost what another
 * costs. Just the parts of the format that these need.
 */
export type Values = { dims: readonly number[]; values: Float32Array };
export type Attribute = number | readonly number[] | string;
export type Node = {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Record<string, Attribute>;
};
export type Tensor = { name: string; type: "uint8" | "float32"; dims: readonly (number | string)[] };
export type Graph = {
  nodes: readonly Node[];
  inputs: readonly Tensor[];
  outputs: readonly Tensor[];
  weights: Readonly<Record<string, Values | { dims: readonly number[]; integers: readonly number[] }>>;
};

const [IR_VERSION, OPSET] = [9, 18];
const elementTypes = { float32: 1, uint8: 2, int64: 7 } as const;
const kinds = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** Fields of protocol buffers: a number, bytes, or a message made of fields. */
type Field = [number: number, value: number | Uint8Array | string | Field[]];

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
};

const message = (fields: readonly Field[]): Buffer =>
  Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === "number") return Buffer.from([...varint(number << 3), ...varint(value)]);
      const bytes =
        typeof value === "string" ? Buffer.from(value) : value instanceof Uint8Array ? value : message(value);
      return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.byteLength)]), bytes]);
    }),
  );

const attributeField = ([name, value]: [string, Attribute]): Field => {
  if (typeof value === "string")
    return [
      5,
      [
        [1, name],
        [4, value],
        [20, kinds.string],
      ],
    ];
  if (typeof value === "number")
    return [
      5,
      [
        [1, name],
        [3, value],
        [20, kinds.int],
      ],
    ];
  return [5, [[1, name], ...value.map((one): Field => [8, one]), [20, kinds.ints]]];
};

const nodeField = ({ op, inputs, outputs, attributes = {} }: Node): Field => [
  1,
  [
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, op],
    ...Object.entries(attributes).map(attributeField),
  ],
];

const tensorField = (number: number, { name, type, dims }: Tensor): Field => {
  const shape = dims.map((size): Field => [1, [typeof size === "number" ? [1, size] : [2, size]]]);
  return [
    number,
    [
      [1, name],
      [
        2,
        [
          [
            1,
            [
              [1, elementTypes[type]],
              [2, shape],
            ],
          ],
        ],
      ],
    ],
  ];
};

const weightField = ([name, weight]: [string, Graph["weights"][string]]): Field => {
  const integers = "integers" in weight;
  const data = integers ? BigInt64Array.from(weight.integers, BigInt) : weight.values;
  return [
    5,
    [
      ...weight.dims.map((size): Field => [1, size]),
      [2, integers ? elementTypes.int64 : elementTypes.float32],
      [8, name],
      [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
    ],
  ];
};

export const onnxOf = ({ nodes, inputs, outputs, weights }: Graph): Buffer =>
  message([
    [1, IR_VERSION],
    [
      7,
      [
        ...nodes.map(nodeField),
        [2, "graph"],
        ...Object.entries(weights).map(weightField),
        ...inputs.map((one) => tensorField(11, one)),
        ...outputs.map((one) => tensorField(12, one)),
      ],
    ],
    [8, [[2, OPSET]]],
  ]);

/** A network that gives the same numbers whatever it is shown. */
export const constantNetwork = (inputs: readonly Tensor[], outputs: Readonly<Record<string, Values>>): Buffer =>
  onnxOf({
    nodes: Object.keys(outputs).map((name) => ({ op: "Identity", inputs: [`${name}_is`], outputs: [name] })),
    inputs,
    outputs: Object.entries(outputs).map(([name, { dims }]) => ({ name, type: "float32", dims })),
    weights: Object.fromEntries(Object.entries(outputs).map(([name, values]) => [`${name}_is`, values])),
  });
