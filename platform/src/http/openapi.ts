/**
 * What the OpenAPI document (3.1) says beyond the routes' schemas: who may call, how a caller is proven, how refusals
 * look, and the events of the live channel.
 *
 * @module
 */
import {
  apiPaths,
  liveBeat,
  liveEventSchema,
  mediaTypes,
  problemSchema,
  product,
} from "@obsyk/contract";
import { z } from "zod";
import { requiredRole } from "./route-roles.ts";

type Operation = {
  readonly responses?: { readonly [status: string]: object };
  readonly [member: string]: unknown;
};
type Paths = { readonly [path: string]: { readonly [method: string]: Operation } };

/** The document before its routes are added. */
export const openApiInfo = {
  openapi: "3.1.0",
  info: {
    title: `${product.name} API`,
    version: product.version,
    description:
      "What the console and the CLI use. Every refusal is a problem (RFC 9457) with a stable type. A request that changes something and is proven by a session carries the console's Origin.",
  },
} as const;

/** Adds to what @fastify/swagger made of the routes; `document` stays as it is. */
export function completeDocument(document: object, sessionCookie: string): object {
  const { paths, components } = document as {
    readonly paths: Paths;
    readonly components?: { readonly schemas?: object };
  };
  return {
    ...document,
    components: {
      ...components,
      schemas: {
        ...components?.schemas,
        Problem: schemaOf(problemSchema),
        LiveEvent: schemaOf(liveEventSchema),
      },
      securitySchemes: {
        session: {
          type: "apiKey",
          in: "cookie",
          name: sessionCookie,
          description: "Set by a sign-in; for browsers.",
        },
        token: {
          type: "http",
          scheme: "bearer",
          description: "An API token; it decides alone, whatever cookie comes with it.",
        },
      },
    },
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => [
            method,
            completeOperation(
              operation,
              method.toUpperCase(),
              path.replaceAll(/\{(\w+)\}/g, ":$1"),
            ),
          ]),
        ),
      ]),
    ),
  };
}

function completeOperation(operation: Operation, method: string, path: string): Operation {
  const role = requiredRole(method, path);
  const isOpen = role === "anyone";
  const isLive = path === apiPaths.live;
  return {
    ...operation,
    description: `${isLive ? `${liveText} ` : ""}${isOpen ? "Needs no role." : `Needs the role ${role}.`}`,
    security: isOpen ? [] : [{ session: [] }, { token: [] }],
    responses: {
      ...(isLive ? { 200: liveAnswer } : operation.responses),
      ...(isOpen
        ? {}
        : {
            401: refusal("No session and no API token, or one that is over."),
            403: refusal("The caller's role does not reach this, or the Origin is another."),
          }),
      default: refusal("Any other refusal; its type says which."),
    },
  };
}

const liveText = `One server-sent event for every change to the organisation's clusters, and one named ${liveBeat.event}, without content, every ${liveBeat.everyMs / 1000} seconds. Events that were missed are not sent again: ask anew after a reconnect. The stream ends after 15 minutes.`;

const liveAnswer = {
  description: "A stream of events, each with one LiveEvent as its data.",
  content: {
    "text/event-stream": {
      schema: {
        type: "string",
        contentMediaType: "application/json",
        contentSchema: { $ref: "#/components/schemas/LiveEvent" },
      },
    },
  },
} as const;

function refusal(description: string): object {
  return {
    description,
    content: { [mediaTypes.problem]: { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}

function schemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "output" });
  return rest;
}
