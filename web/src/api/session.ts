/**
 * Who is signed in. The access token is in memory only; the refresh token is in a cookie that no script can read.
 * Of several tabs one renews at a time: each renewal uses the cookie up, and a cookie that comes twice ends the session.
 */
import { useSyncExternalStore } from "react";
import { heard, lost } from "./connection";
import { Refusal, refusal } from "./problem";
import type { components } from "./schema";

export type User = components["schemas"]["User"];
type Tokens = components["schemas"]["Tokens"];

export type Session =
  | { state: "unknown" }
  | { state: "guest" }
  | { state: "signed-in"; user: User; token: string; renewAt: number };

/** Asks for the refresh token as a cookie. No other site can send it, so it is what stands against forged requests. */
const IN_COOKIE = { "X-Refresh-In": "cookie" };
const HINT = "wayfare.signed-in";
/** Renewed before it ends, so that no request is refused only for being late. */
const EARLY = 30_000;

let session: Session = localStorage.getItem(HINT) ? { state: "unknown" } : { state: "guest" };
let renewing: Promise<Session> | undefined;
const listeners = new Set<(session: Session) => void>();
const tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("wayfare.session");

function set(next: Session, tell = true) {
  const before = session;
  session = next;
  if (next.state === "signed-in") localStorage.setItem(HINT, "1");
  else if (next.state === "guest") localStorage.removeItem(HINT);
  for (const listener of listeners) listener(next);
  if (tell && before.state !== next.state && before.state !== "unknown") tabs?.postMessage(next.state);
}

tabs?.addEventListener("message", event => {
  if (event.data === "guest") set({ state: "guest" }, false);
  else if (session.state === "guest") {
    set({ state: "unknown" }, false);
    void renew();
  }
});

function taken(tokens: Tokens): Session {
  const renewAt = Date.now() + tokens.expires_in * 1000 - EARLY;
  return { state: "signed-in", user: tokens.user, token: tokens.access_token, renewAt };
}

async function post(path: string, body: unknown, token?: string): Promise<Response> {
  const headers: Record<string, string> = { "Content-Type": "application/json", ...IN_COOKIE };
  if (token) headers.Authorization = `Bearer ${token}`;
  let response: Response;
  try {
    // Kept alive: a renewal that is under way when the page closes must still leave its new cookie.
    response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), keepalive: true });
  } catch {
    lost();
    throw new Refusal(0, "away");
  }
  if (response.ok || response.status < 500) heard();
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function signIn(email: string, password: string): Promise<User> {
  const tokens = (await (await post("/api/auth/login", { email, password })).json()) as Tokens;
  set(taken(tokens));
  return tokens.user;
}

export async function signOut(): Promise<void> {
  const now = await current();
  if (now.state === "signed-in") {
    // A session that is over already is signed out as well.
    await post("/api/auth/logout", {}, now.token).catch((error: unknown) => {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
    });
  }
  set({ state: "guest" });
}

function renew(): Promise<Session> {
  renewing ??= inTurn(async () => {
    try {
      const response = await post("/api/auth/refresh", {});
      set(taken((await response.json()) as Tokens));
    } catch (error) {
      if (error instanceof Refusal && error.isPassing) throw error;
      set({ state: "guest" });
    }
    return session;
  }).finally(() => {
    renewing = undefined;
  });
  return renewing;
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  // Absent on plain HTTP from another machine; then only this tab's renewals wait for one another.
  return navigator.locks ? (navigator.locks.request("wayfare.renew", work) as Promise<T>) : work();
}

/** The session as it is good for the next request: renewed where it has to be. */
export async function current(): Promise<Session> {
  const isDue =
    session.state === "unknown" || (session.state === "signed-in" && Date.now() >= session.renewAt);
  return isDue ? renew() : session;
}

/** After an answer that didn't take the token: a new one, or the end of the session. */
export async function refused(token: string): Promise<Session> {
  return session.state === "signed-in" && session.token !== token ? session : renew();
}

/** What changed about the person themselves. */
export function setUser(user: User) {
  if (session.state === "signed-in") set({ ...session, user });
}

export function onSession(listener: (session: Session) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSession(): Session {
  return useSyncExternalStore(onSession, () => session);
}

export function useUser(): User | undefined {
  const now = useSession();
  return now.state === "signed-in" ? now.user : undefined;
}
