import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import document from "../../../docs/reference/openapi.json" with { type: "json" };
import { DIST } from "../started.ts";
import { Api, unique } from "../world.ts";

const url = inject("url");
const behind = inject("behind");
const METHODS = ["get", "post", "put", "patch", "delete"] as const;

type Schema = Record<string, unknown> & {
  $ref?: string;
  properties?: Record<string, Schema>;
  required?: string[];
};
interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}

const schemas = document.components.schemas as unknown as Record<string, Schema>;

/** Something that a schema allows, of the kind that people send. */
function sample(schema: Schema | undefined, name = ""): unknown {
  if (!schema) return undefined;
  if (schema.$ref) return sample(schemas[schema.$ref.split("/").at(-1) ?? ""], name);
  const parts = (schema.allOf ?? schema.oneOf ?? schema.anyOf) as Schema[] | undefined;
  if (parts) return sample(parts[0], name);
  if (schema.enum) return (schema.enum as unknown[])[0];
  if (schema.example !== undefined) return schema.example;
  if (schema.type === "object") {
    return Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([key, value]) => [key, sample(value, key)]),
    );
  }
  if (schema.type === "array") return [sample(schema.items as Schema, name)];
  if (schema.type === "integer" || schema.type === "number") return Math.max(1, Number(schema.minimum ?? 1));
  if (schema.type === "boolean") return true;
  return (
    WORDS[name] ??
    (schema.format === "uuid" ? "01890a5d-ac96-774b-bcce-b302099a8057" : "Crème brûlée & coffee")
  );
}

/** What people write where a schema only says that it is text. */
const WORDS: Record<string, string> = {
  email: "zoë.o'neil+orders@example.org",
  password: "'; DROP TABLE account; -- <script>",
  current: "../../etc/passwd && rm -rf /",
  new: "<img src=x onerror=alert(1)> 10",
  name: "Zoë O'Neil-Müller",
  note: "Ring twice, please; the door's green (2nd floor) - thanks!",
  text: "Saint-Exupéry Street 4, 2nd floor",
  description: "Two bars of dark chocolate: 70 % & crisp",
  url: "https://shop.example/orders?key=1",
  from: "08:00",
  to: "22:00",
  day: "2026-11-23",
};

const asked = (operation: Operation, at: "path" | "query" | "header") =>
  (operation.parameters ?? []).filter(parameter => parameter.in === at);

function address(path: string, operation: Operation): string {
  let filled = path;
  for (const { name, schema } of asked(operation, "path")) {
    filled = filled.replace(`{${name}}`, encodeURIComponent(String(sample(schema, name))));
  }
  const query = new URLSearchParams();
  for (const { name, schema, required } of asked(operation, "query")) {
    const value = sample(schema, required ? `${name}?` : name);
    if (required) query.set(name, String(value));
  }
  return query.size ? `${filled}?${query}` : filled;
}

const isStream = (operation: Operation) =>
  Object.values(operation.responses).some(answer =>
    Object.keys(answer.content ?? {}).includes("text/event-stream"),
  );

const operations = Object.entries(
  document.paths as unknown as Record<string, Record<string, Operation>>,
).flatMap(([path, item]) =>
  METHODS.flatMap(method => (item[method] ? [{ path, method, operation: item[method] }] : [])),
);

test.each(operations.map(one => [one.operation.operationId, one] as const))("%s passes", async (_, one) => {
  const { path, method, operation } = one;
  const { api } = await new Api(behind).newcomer();
  const kind = Object.keys(operation.requestBody?.content ?? {})[0];
  const isJson = kind?.includes("json");
  const body = isJson
    ? JSON.stringify(sample(operation.requestBody?.content[kind ?? ""]?.schema))
    : kind && "GIF89a";
  const headers: Record<string, string> = { ...api.headers() };
  if (kind && !isJson) headers["Content-Type"] = kind;
  if (!kind) delete headers["Content-Type"];
  if (asked(operation, "header").some(({ name }) => name === "Idempotency-Key"))
    headers["Idempotency-Key"] = unique("key");
  const end = new AbortController();
  const ask = (base: string) =>
    fetch(base + address(path, operation), {
      method: method.toUpperCase(),
      headers,
      signal: end.signal,
      ...(body ? { body } : {}),
    });
  const answer = await ask(url);
  expect(answer.headers.get("x-request-id"), `${answer.status}: not the API's own answer`).toBeTruthy();
  if (isStream(operation) && answer.ok)
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
  end.abort();
});

test("events come through as they happen", async () => {
  const { id, shop } = await new Api(behind).product({ stock: 9 });
  const end = new AbortController();
  const answer = await fetch(`${url}/api/stock/events?shop=${shop}`, { signal: end.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const manager = await new Api(behind).as("manager@wayfare.example");
  await manager.send("PATCH", `/api/menu-items/${id}`, { stock: 3 });
  let text = "";
  while (!text.includes(`"product_id":${id}`)) text += (await reader?.read())?.value ?? "";
  expect(text).toContain('"stock":3');
  end.abort();
});

test("a picture of some megabytes passes, and a larger one is refused", async () => {
  const { id } = await new Api(behind).product();
  const manager = await new Api(behind).as("manager@wayfare.example");
  const send = (bytes: number) => {
    const body = Buffer.alloc(bytes, "<script>' OR 1=1 --");
    Buffer.from("89504e470d0a1a0a", "hex").copy(body);
    const headers = { ...manager.headers(), "Content-Type": "image/png" };
    return fetch(`${url}/api/menu-items/${id}/image`, { method: "PUT", headers, body });
  };
  expect((await send(3_000_000)).headers.get("x-request-id")).toBeTruthy();
  expect((await send(7_000_000)).status).toBe(413);
});

test("the page is handed out: itself, its files, and its own addresses", async () => {
  const script = readdirSync(join(DIST, "assets")).find(name => name.endsWith(".js")) ?? "";
  const page = await fetch(`${url}/`);
  const text = await page.text();
  expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-cache"]);
  for (const path of [
    "/orders/01890a5d",
    "/journey",
    "/shop/stock",
    "/journey?from=46.9,4.33,Caf%C3%A9%20%26%20Bar&to=46.9,4.37,x",
  ]) {
    expect(await (await fetch(url + path)).text(), path).toBe(text);
  }
  const file = await fetch(`${url}/assets/${script}`, { headers: { "Accept-Encoding": "gzip" } });
  expect([file.status, file.headers.get("cache-control"), file.headers.get("content-encoding")]).toEqual([
    200,
    "public, max-age=31536000, immutable",
    "gzip",
  ]);
  for (const path of ["/assets/gone.js", "/robots.txt", "/metrics.txt"])
    expect((await fetch(url + path)).status, path).toBe(404);
});

test("both tiers protect the page with the same headers", async () => {
  for (const name of [
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
    "vary",
  ]) {
    const [here, there] = await Promise.all(
      [url, behind].map(async base => (await fetch(base)).headers.get(name)),
    );
    expect([name, here]).toEqual([name, there]);
  }
  const secure = await fetch(url, { headers: { "X-Forwarded-Proto": "https" } });
  expect(secure.headers.get("strict-transport-security")).toContain("max-age=31536000");
});

test("what is for operators isn't handed to the world", async () => {
  for (const path of ["/metrics", "/readyz", "/livez", "/health/ready"]) {
    const text = await (await fetch(url + path)).text();
    expect(text, path).not.toMatch(/http_server_request|"status"/);
  }
});
