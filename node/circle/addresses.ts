import { z } from "zod";
import { addressFile } from "../chain/config/address-file.ts";
import { addressField } from "../chain/config/config-schema.ts";
import { circleError } from "./errors.ts";

const schema = z.strictObject({
  /** The money, by quarter and focus. */
  fund: addressField,
  /** Who may be drawn. */
  reviewers: addressField,
  /** Votes of drawn reviewers. */
  panels: addressField,
  /** Applications and grants. */
  circle: addressField,
  /** Resolver of the attestations about services. */
  services: addressField,
});

/** circle.json: where the contracts of OpenCircle are, all on L2. */
export type CircleAddresses = z.output<typeof schema>;

/** Their file, and what a node answers. Fails with `CIRCLE_FILE_INVALID`. */
export const {
  parse: parseCircle,
  read: readCircleFile,
  write: writeCircleFile,
} = addressFile(schema, (source, cause) =>
  circleError("CIRCLE_FILE_INVALID", {
    message: `${source} does not hold the addresses of OpenCircle.`,
    fix: "Deploy OpenCircle again, or correct it.",
    cause,
  }),
);
