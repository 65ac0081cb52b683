/** Methods that are compared, and what each ranks by. */
export const METHODS = {
  random: "random",
  bm25Question: "BM25, from the question",
  bm25Answer: "BM25, from question and answer",
  gradDot: "gradients' dot product",
  gradCos: "gradients' cosine",
  dataInf: "DataInf",
  ekfacFull: "EK-FAC in full, alone",
  ekfacDoubles: "EK-FAC in full, in fp64 by PyTorch",
  repSim: "hidden states' cosine",
  factored: "EK-FAC by factored sketches, alone",
  influence: "the model's own influence alone",
  spans: "spans alone",
  fused: "fused: spans choose, influence decides",
} as const;
export type MethodName = keyof typeof METHODS;
