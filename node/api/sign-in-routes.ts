import { z } from "zod";
import type { Hex } from "../chain/types/primitives.ts";
import { type ApiRoute, apiRoute } from "./routes.ts";
import type { Sessions } from "./sessions.ts";

const nothing = z.strictObject({});
const signInSchema = z.strictObject({
  message: z.string().min(1).max(4_096),
  signature: z.string().regex(/^0x[0-9a-fA-F]{130}$/, "must be 0x and 130 hexadecimal digits"),
});

/** The doors of signing in; see {@link Sessions}. */
export function signInRoutes(sessions: Sessions): ApiRoute[] {
  return [
    apiRoute({
      method: "POST",
      path: "/api/sign-in/nonce",
      summary: "A nonce for one message of Sign-in with Ethereum (EIP-4361), good for five minutes.",
      body: nothing,
      run: async () => sessions.nonce(),
    }),
    apiRoute({
      method: "POST",
      path: "/api/sign-in",
      summary: "A bearer token for a signed message that names this site, this chain and the nonce.",
      body: signInSchema,
      run: ({ message, signature }, { request }) =>
        sessions.signIn(message, signature as Hex, request.headers.host),
    }),
  ];
}
