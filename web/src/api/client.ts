/** The one way to the service. Types come from the OpenAPI document; the guest's cart and the session go along. */
import createClient from "openapi-fetch";
import { guestCart } from "./cartToken";
import { heard, lost } from "./connection";
import { Refusal } from "./problem";
import type { components, paths } from "./schema";
import { current, refused } from "./session";

type Schemas = components["schemas"];
export type Shop = Schemas["Shop"];
export type MenuItem = Schemas["MenuItem"];
export type Money = Schemas["Money"];
export type Cart = Schemas["Cart"];
export type CartLine = Schemas["CartLine"];
export type Order = Schemas["Order"];
export type OrderState = Schemas["OrderState"];
export type DeliveryMode = Schemas["DeliveryMode"];

/** As `fetch`, with the session; a token that has just ended is renewed and the request sent once more. */
export async function send(request: Request): Promise<Response> {
  const session = await current();
  if (session.state !== "signed-in") return ask(request);
  const again = request.clone();
  const response = await ask(bearing(request, session.token));
  if (response.status !== 401) return response;
  const renewed = await refused(session.token);
  return renewed.state === "signed-in" ? ask(bearing(again, renewed.token)) : response;
}

function bearing(request: Request, token: string): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

async function ask(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if ([502, 503, 504].includes(response.status)) lost();
    else heard();
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    lost();
    throw new Refusal(0, "away");
  }
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: send });

api.use({
  onRequest({ request, schemaPath }) {
    const token = guestCart.get();
    if (token && schemaPath.startsWith("/api/cart")) request.headers.set("X-Cart-Token", token);
    return request;
  },
});

/** The answer's content, or a thrown `Refusal`. */
export async function answer<T>(
  asked: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  const retryAfter = Number(response.headers.get("retry-after")) || undefined;
  const problem = typeof error === "object" && error !== null ? (error as Schemas["Problem"]) : undefined;
  throw new Refusal(response.status, problem?.code ?? `status_${response.status}`, problem, retryAfter);
}
