/**
 * Whether the service answers. Every request tells; while it is away one probe asks again and again, with growing
 * pauses, so that the pages needn't.
 */
import { useSyncExternalStore } from "react";

export interface Connection {
  away: boolean;
  /** When the probe asks again, in milliseconds since the epoch. */
  nextTry: number | undefined;
}

const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;

let state: Connection = { away: false, nextTry: undefined };
let pause = FIRST_PAUSE;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const comeBack = new Set<() => void>();

function set(next: Connection) {
  const isBack = state.away && !next.away;
  state = next;
  for (const listener of listeners) listener();
  if (isBack) for (const listener of comeBack) listener();
}

export function heard() {
  clearTimeout(timer);
  timer = undefined;
  pause = FIRST_PAUSE;
  if (state.away) set({ away: false, nextTry: undefined });
}

export function lost() {
  if (timer === undefined) plan();
}

function plan() {
  set({ away: true, nextTry: Date.now() + pause });
  timer = setTimeout(probe, pause);
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

async function probe() {
  clearTimeout(timer);
  timer = undefined;
  try {
    const answer = await fetch("/api/flags", { cache: "no-store" });
    if (answer.status < 500) return heard();
  } catch {
    // Still away.
  }
  plan();
}

/** Asks at once, when somebody can't wait. */
export function tryNow() {
  pause = FIRST_PAUSE;
  set({ away: true, nextTry: undefined });
  void probe();
}

/** Calls when the service answers again; gives the way to stop. */
export function onReturn(listener: () => void): () => void {
  comeBack.add(listener);
  return () => comeBack.delete(listener);
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

window.addEventListener("online", () => state.away && tryNow());
window.addEventListener("offline", lost);
