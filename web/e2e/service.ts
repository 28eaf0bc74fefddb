/** The real service, for the tests: one process with its own folder, on a port of its own, with the demo city. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const PATIENCE = 60_000;

export const WAYFARE = process.env.WAYFARE_BIN ?? join(ROOT, "target/debug/wayfare");
export const DIST = resolve(import.meta.dirname, "../dist");

export interface Service {
  url: string;
  stop: () => Promise<void>;
}

export async function start(more: Record<string, string> = {}): Promise<Service> {
  if (!existsSync(WAYFARE)) throw new Error(`${WAYFARE} isn't there: cargo build --package wayfare`);
  if (!existsSync(join(DIST, "index.html"))) throw new Error("the page isn't built: npm run build");
  const folder = mkdtempSync(join(tmpdir(), "wayfare-web-"));
  const port = await freePort();
  const env = {
    ...process.env,
    WAYFARE_DATA_DIR: folder,
    WAYFARE_LISTEN: `127.0.0.1:${port}`,
    WAYFARE_WEB: DIST,
    WAYFARE_DEMO: "true",
    WAYFARE_LOG: "warn",
    // A whole crowd of people comes from this one address.
    WAYFARE_RATE_LIMIT: "1000000",
    WAYFARE_LOGIN_RATE_LIMIT: "1000000",
    WAYFARE_BCRYPT_COST: "4",
    ...more,
  };
  execFileSync(WAYFARE, ["migrate"], { env, stdio: "ignore" });
  execFileSync(WAYFARE, ["seed", "--if-empty"], { env, stdio: "ignore" });
  const process_ = spawn(WAYFARE, ["serve"], { env, stdio: ["ignore", "ignore", "inherit"] });
  const url = `http://127.0.0.1:${port}`;
  const ended = new Promise<void>(done => process_.once("exit", () => done()));
  const stop = async () => {
    process_.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  await ready(process_, url).catch(async error => {
    await stop();
    throw error;
  });
  return { url, stop };
}

async function ready(service: ChildProcess, url: string) {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    if (service.exitCode !== null) throw new Error(`the service ended with ${service.exitCode}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise(again => setTimeout(again, 50));
  }
  throw new Error(`the service wasn't ready within ${PATIENCE / 1000} s`);
}

export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? found(address.port) : failed(new Error("no port")),
      );
    });
  });
}
