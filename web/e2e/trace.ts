/** What Chromium writes down about its own work. Times are in microseconds. */
import type { Page } from "playwright-core";

export interface Event {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  /** How long it took, and how long of that the thread had the processor. */
  dur?: number;
  tdur?: number;
  args: { data?: { documentLoaderURL?: string } };
}

export type Task = Event & { dur: number; tdur: number };

const CATEGORIES = ["toplevel", "loading", "blink.user_timing", "devtools.timeline"];

/** What went on in the browser during `work`. */
export async function recorded(page: Page, work: () => Promise<void>): Promise<Event[]> {
  const browser = page.context().browser();
  if (!browser) throw new Error("the page has no browser");
  const session = await browser.newBrowserCDPSession();
  const events: Event[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as Event[])));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: CATEGORIES, excludedCategories: ["*"] },
  });
  await work();
  const ended = new Promise(done => session.once("Tracing.tracingComplete", done));
  await session.send("Tracing.end");
  await ended;
  await session.detach();
  return events.toSorted((a, b) => a.ts - b.ts);
}

/** The tasks of an event's thread from then on: what the browser does in one go, and where it can't be interrupted. */
export const tasks = (events: Event[], { pid, tid, ts }: Event): Task[] =>
  events
    .filter(e => e.name === "ThreadControllerImpl::RunTask" && e.pid === pid && e.tid === tid && e.ts >= ts)
    .map(e => ({ ...e, dur: e.dur ?? 0, tdur: e.tdur ?? 0 }));
