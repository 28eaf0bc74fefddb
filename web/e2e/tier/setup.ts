/** The web tier as it is shipped, on this machine: the configuration of web/nginx under Debian's nginx with ModSecurity. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { DIST, freePort, start } from "../started.ts";

declare module "vitest" {
  interface ProvidedContext {
    url: string;
    behind: string;
    log: string;
    program: string;
  }
}

const MODULE = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so";
const RULES = "/usr/share/modsecurity-crs/rules";

export default async function setup(project: TestProject) {
  for (const part of [MODULE, RULES]) {
    if (existsSync(part)) continue;
    throw new Error(
      `${part} isn't there: apt install nginx-light libnginx-mod-http-modsecurity modsecurity-crs`,
    );
  }
  const service = await start({ WAYFARE_TRUSTED_PROXIES: "127.0.0.0/8" });
  const folder = mkdtempSync(join(tmpdir(), "wayfare-tier-"));
  const port = await freePort();
  cpSync(resolve(import.meta.dirname, "../../nginx"), folder, { recursive: true });
  // Only where it lies and listens is another here.
  change(join(folder, "nginx.conf"), "pid /tmp/", `pid ${folder}/`);
  for (const name of ["nginx.conf", "start"]) {
    change(join(folder, name), "/etc/wayfare/", `${folder}/`);
    change(join(folder, name), "/tmp/place.conf", `${folder}/place.filled.conf`);
  }
  change(join(folder, "site.conf"), "listen 8080;", `listen 127.0.0.1:${port};`);
  change(join(folder, "site.conf"), "root /srv/wayfare;", `root ${DIST};`);
  const log = join(folder, "log");
  const out = openSync(log, "w");
  const env = { ...process.env, WAYFARE_API: new URL(service.url).host };
  const nginx = spawn(join(folder, "start"), { env, stdio: ["ignore", out, out] });
  closeSync(out);
  const url = `http://127.0.0.1:${port}`;
  try {
    await answers(nginx, `${url}/healthz`);
  } catch (error) {
    nginx.kill();
    await service.stop();
    throw new Error(readFileSync(log, "utf8"), { cause: error });
  }
  project.provide("url", url);
  project.provide("behind", service.url);
  project.provide("log", log);
  project.provide("program", join(folder, "start"));
  return async () => {
    const ended = new Promise(done => nginx.once("exit", done));
    nginx.kill("SIGTERM");
    await ended;
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

function change(file: string, from: string, to: string) {
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has to say \`${from}\``);
  writeFileSync(file, text.replaceAll(from, to));
}

async function answers(nginx: ChildProcess, url: string) {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise(again => setTimeout(again, 50));
  }
  throw new Error("nginx doesn't answer");
}
