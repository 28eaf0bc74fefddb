/**
 * Follows server-sent events over `fetch`, which unlike `EventSource` can carry the session. Comes back by itself with
 * growing pauses and the last event's id, until the stream says that nothing more comes.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { send } from "./client";

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

interface Followed<T> {
  /** `kind` is the event's name, where the stream has several. */
  onEvent: (event: T, kind: string | undefined) => void;
  /** Called each time the stream is open: what was missed meanwhile has to be asked for. */
  onOpen?: () => void;
  signal: AbortSignal;
  /** Rest while nobody looks: without HTTP/2 a browser has six connections for all tabs of a site. */
  onlySeen?: boolean;
}

export async function follow<T>(
  path: string,
  { onEvent, onOpen, signal, onlySeen = false }: Followed<T>,
): Promise<void> {
  let last: string | undefined;
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    if (onlySeen) await seen(signal);
    const hidden = onlySeen ? whenHidden(signal) : undefined;
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const response = await send(new Request(path, { headers, signal: hidden?.signal ?? signal }));
      if (response.status === 204) return;
      if (response.status >= 400 && response.status < 500 && response.status !== 429) return;
      if (response.ok && response.body) {
        onOpen?.();
        const events = response.body
          .pipeThrough(new TextDecoderStream())
          .pipeThrough(new EventSourceParserStream());
        const reader = events.getReader();
        for (let read = await reader.read(); !read.done; read = await reader.read()) {
          pause = FIRST_PAUSE;
          if (read.value.id) last = read.value.id;
          if (read.value.data) onEvent(JSON.parse(read.value.data) as T, read.value.event);
        }
      }
    } catch {
      // Broken off: the next round asks again.
    } finally {
      hidden?.stop();
    }
    if (hidden?.signal.aborted) continue;
    await waited(pause * (0.75 + Math.random() / 2), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

function waited(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

function seen(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}

/** Aborts when the tab is hidden, or with `signal`. */
function whenHidden(signal: AbortSignal) {
  const end = new AbortController();
  const look = () => {
    if (document.hidden || signal.aborted) end.abort();
  };
  const stop = () => {
    document.removeEventListener("visibilitychange", look);
    signal.removeEventListener("abort", look);
  };
  document.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", look);
  return { signal: end.signal, stop };
}
