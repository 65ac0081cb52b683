import { z } from "zod";
import type { ApiRoute } from "./routes.ts";

const TOKEN = "token";

/** The doors as an OpenAPI 3.1 document, made from the schemas that check what comes in. */
export function openApi(routes: readonly ApiRoute[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  return {
    openapi: "3.1.0",
    info: { title: "OpenLedger node", version: "1" },
    components: {
      securitySchemes: {
        [TOKEN]: { type: "http", scheme: "bearer", description: "Of POST /api/sign-in." },
      },
    },
    paths,
  };
}

function operation({ method, path, summary, body, query = {}, needsSignIn }: ApiRoute): unknown {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: "path", required: true },
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, description]) => ({
    ...{ name, in: "query", required: false, description },
    schema: { type: "integer" },
  }));
  const parameters = [...inPath, ...inQuery];
  const requestBody = {
    required: true,
    content: { "application/json": { schema: z.toJSONSchema(body, { io: "input" }) } },
  };
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(method === "POST" && { requestBody }),
    ...(needsSignIn && { security: [{ [TOKEN]: [] }] }),
    responses: {
      200: { description: "The answer as JSON." },
      "4XX": { description: "An error with code, message and fix." },
    },
  };
}
