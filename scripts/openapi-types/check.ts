// Uses the types that are generated from the OpenAPI document as a client in TypeScript would. It is compiled, not run:
// each @ts-expect-error is a mistake that the compiler must find.
import type { components, operations, paths } from "./api.js";

type Schemas = components["schemas"];
type JSONBody<Operation extends { requestBody: { content: { "application/json": unknown } } }> =
  Operation["requestBody"]["content"]["application/json"];
type JSONAnswer<Operation extends { responses: { 200: { content: { "application/json": unknown } } } }> =
  Operation["responses"][200]["content"]["application/json"];

export const ask: JSONBody<operations["verify-key"]> = {
  key: "acme_live_…",
  keyspace: "acme",
  environment: "live",
  scopes: ["invoices:read"],
};

// @ts-expect-error a key is text
export const wrongType: JSONBody<operations["verify-key"]> = { key: 7 };

// @ts-expect-error there is no such field
export const wrongName: JSONBody<operations["verify-key"]> = { key: "acme_live_…", keyspaces: "acme" };

export function mayPass(verdict: JSONAnswer<operations["verify-key"]>): boolean {
  const code: Schemas["VerifyResponse"]["code"] = verdict.code;
  return verdict.valid && code === "VALID";
}

export const issue: Schemas["IssueRequest"] = {
  keyspace: "acme",
  name: "ci",
  owner: "team_7",
  scopes: ["invoices:read"],
  limits: [{ name: "requests", limit: 100, window: "1m" }],
};

export function shownOnce(answer: operations["issue-key"]["responses"][201]["content"]["application/json"]): string | undefined {
  const record: Schemas["Record"] = answer.record;
  return record.id && answer.key;
}

export function why(problem: Schemas["Problem"]): string {
  return `${problem.code}: ${problem.detail ?? problem.title}`;
}

// Every path that a client uses is one of the document.
export const used: (keyof paths)[] = ["/v1/verify", "/v1/verify/batch", "/v1/keys", "/v1/keys/{id}/rotate", "/v1/keys/{id}/revoke", "/v1/keyspaces"];

// @ts-expect-error this one is not
export const unknown: keyof paths = "/v2/verify";
