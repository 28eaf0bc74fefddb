/**
 * How fast the page is, as Lighthouse looks at it: a phone's screen, a new visitor, a processor a quarter as fast. Run by
 * `cargo xtask bench web`; bench/README.md says what the figures mean.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { expect, test } from "vitest";
import { PHONE } from "./browser.ts";
import { fiveHundredBuses } from "./fleet.ts";
import { type Event, recorded, type Task, tasks } from "./trace.ts";
import { world } from "./world.ts";

const w = world();
const RUNS = process.env.WAYFARE_QUICK ? 2 : 9;
const SLOWER = 4;
/** After everything is there: what a page does late blocks people, too. */
const REST = 2_000;
const BUSES_SECONDS = 3;

/** The bounds of the first page, in milliseconds, and of the map, in frames a second. */
const MOST = { first: 1500, largest: 2500, blocked: 200 };
const LEAST_FRAMES = 30;

const PAGES = [
  { path: "/", sign: /Harbour Bakery/, isJudged: true },
  { path: "/shops/1", sign: /Apple turnover/, isJudged: false },
  { path: "/journey", sign: /under way/, isJudged: false },
];

/** By the clock, and by what is left of it without the time in which others had the processor. */
interface Figure {
  clock: number;
  own: number;
}

type Figures = Record<keyof typeof MOST, Figure>;

async function load(path: string, sign: RegExp): Promise<Figures> {
  const page = await w.visit({ viewport: PHONE });
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  const events = await recorded(page, async () => {
    await page.goto(path);
    await page.locator("main").getByText(sign).first().waitFor();
    await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(REST);
  });
  await page.context().close();
  return figures(events, w.url + path);
}

function figures(events: Event[], url: string): Figures {
  const start = events.find(e => e.name === "navigationStart" && e.args.data?.documentLoaderURL === url);
  if (!start) throw new Error(`the trace has no start of ${url}`);
  const own = tasks(events, start);
  const last = (name: string) =>
    events.findLast(e => e.name === name && e.pid === start.pid)?.ts ?? Number.NaN;
  const first = last("firstContentfulPaint");
  const until = (at: number): Figure => {
    const clock = at - start.ts;
    const taken = own.filter(task => task.ts < at).reduce((sum, task) => sum + task.dur - task.tdur, 0);
    return { clock: clock / 1000, own: (clock - taken) / 1000 };
  };
  // What keeps people from doing anything with what they see: of each task after the first paint what is above 50 ms.
  const above = (time: (task: Task) => number) =>
    own
      .filter(task => task.ts + task.dur > first)
      .reduce((sum, task) => sum + Math.max(0, time(task) / 1000 - 50), 0);
  return {
    first: until(first),
    largest: until(last("largestContentfulPaint::Candidate")),
    blocked: { clock: above(task => task.dur), own: above(task => task.tdur) },
  };
}

const median = (all: number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
const rounded = (n: number) => Math.round(n).toString();

const report: Record<string, unknown> = {};

function tell(name: string, figure: keyof typeof MOST, runs: Figures[], isJudged: boolean): string[] {
  const [clock, own] = [runs.map(run => run[figure].clock), runs.map(run => run[figure].own)];
  report[`${name} ${figure}`] = { clock, own };
  const range = `${rounded(Math.min(...clock))}–${rounded(Math.max(...clock))}`;
  const bound = isJudged ? `at most ${MOST[figure]}` : "no bound";
  console.log(
    `${name.padEnd(9)} ${figure.padEnd(8)} ${rounded(median(own)).padStart(5)} ms   by the clock ${rounded(median(clock)).padStart(5)} [${range}]   ${bound}`,
  );
  return isJudged && !(median(own) <= MOST[figure]) ? [`${name} ${figure}`] : [];
}

test("the first page is there soon, and lets people do something", async () => {
  const crowd = `${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} processors`;
  console.log(`load ${crowd}, ${RUNS} visits each, processor ${SLOWER} times slower`);
  report.load = crowd;
  const over: string[] = [];
  for (const { path, sign, isJudged } of PAGES) {
    const runs: Figures[] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await load(path, sign));
    for (const figure of ["first", "largest", "blocked"] as const)
      over.push(...tell(path, figure, runs, isJudged));
  }
  expect(over, "over the bound").toEqual([]);
});

test("five hundred buses move", async () => {
  const page = await w.visit();
  await fiveHundredBuses(page);
  await page.goto("/journey");
  await page.getByText("500 buses under way").waitFor();
  let frames = 0;
  const events = await recorded(page, async () => {
    frames = await page.evaluate(seconds => {
      const end = performance.now() + seconds * 1000;
      return new Promise<number>(done => {
        let frames = 0;
        const count = (now: number) => {
          frames++;
          if (now > end) done(frames);
          else requestAnimationFrame(count);
        };
        requestAnimationFrame(count);
      });
    }, BUSES_SECONDS);
  });
  const busy = tasks(events, mainThread(events)).reduce((sum, task) => sum + task.tdur, 0) / 1e6;
  // As many as would fit, if the processor were the page's alone.
  const fit = frames / busy;
  report.buses = { "frames a second": frames / BUSES_SECONDS, "that would fit": fit };
  console.log(
    `500 buses ${rounded(fit).padStart(5)} frames a second fit, by the clock ${rounded(frames / BUSES_SECONDS)}   at least ${LEAST_FRAMES}`,
  );
  if (process.env.WAYFARE_JSON) writeFileSync(process.env.WAYFARE_JSON, JSON.stringify(report));
  expect(fit).toBeGreaterThanOrEqual(LEAST_FRAMES);
});

/** The thread that draws the page's frames. */
function mainThread(events: Event[]): Event {
  const frame = events.find(e => e.name === "FireAnimationFrame");
  if (!frame) throw new Error("the trace has no frame");
  return { ...frame, ts: 0 };
}
