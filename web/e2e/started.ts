/** The real service, for the tests: one process with its own folder, on a port of its own, with the demo city. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = resolve(import.meta.dirname, "../..");
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
  const env = {
    ...process.env,
    WAYFARE_DATA_DIR: folder,
    // Any port: it says which in its log.
    WAYFARE_LISTEN: "127.0.0.1:0",
    WAYFARE_LOG_FORMAT: "json",
    WAYFARE_WEB: DIST,
    WAYFARE_DEMO: "true",
    WAYFARE_LOG: "warn,wayfare=info",
    // A whole crowd of people comes from this one address.
    WAYFARE_RATE_LIMIT: "1000000",
    WAYFARE_LOGIN_RATE_LIMIT: "1000000",
    WAYFARE_BCRYPT_COST: "4",
    ...more,
  };
  execFileSync(WAYFARE, ["migrate"], { env, stdio: "ignore" });
  execFileSync(WAYFARE, ["seed", "--if-empty"], { env, stdio: "ignore" });
  const service = spawn(WAYFARE, ["serve"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>(done => service.once("exit", () => done()));
  const stop = async () => {
    service.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const listens = address(service);
  const url = await Promise.race([listens, ended.then(() => undefined)]);
  if (url) return { url, stop };
  await stop();
  throw new Error(`the service ended with ${service.exitCode} before it listened`);
}

/** Where it listens, as its log says; the rest of the log is read away, so that it is never waited for. */
function address(service: ChildProcess): Promise<string> {
  return new Promise(found => {
    const lines = createInterface({ input: service.stdout ?? process.stdin });
    lines.on("line", line => {
      const at = /"address":"socket:\/\/([^"]+)"/.exec(line)?.[1];
      if (at) found(`http://${at}`);
    });
  });
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
