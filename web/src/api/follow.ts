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
}

export async function follow<T>(path: string, { onEvent, onOpen, signal }: Followed<T>): Promise<void> {
  let last: string | undefined;
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const response = await send(new Request(path, { headers, signal }));
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
    }
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
