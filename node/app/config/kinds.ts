import { z } from "zod";

/** true or false, in text also as 1 or 0. */
export const flag = z.preprocess(
  (value) => (value === "true" || value === "1" ? true : value === "false" || value === "0" ? false : value),
  z.boolean(),
);
