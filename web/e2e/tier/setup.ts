/** The web tier as it is shipped, on this machine: the configuration of web/nginx under Debian's nginx with ModSecurity. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
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
  // Only what a place has to say, and where it may write, is another here.
  change(join(folder, "place.conf"), "server api:5000;", `server ${new URL(service.url).host};`);
  change(join(folder, "site.conf"), "listen 8080;", `listen 127.0.0.1:${port};`);
  change(join(folder, "site.conf"), "root /srv/wayfare;", `root ${DIST};`);
  change(join(folder, "nginx.conf"), "pid /tmp/nginx.pid;", `pid ${folder}/nginx.pid;`);
  change(join(folder, "nginx.conf"), "rules_file /etc/wayfare/", `rules_file ${folder}/`);
  const config = ["-c", join(folder, "nginx.conf"), "-e", "stderr"];
  try {
    execFileSync("nginx", ["-t", "-q", ...config], { stdio: "inherit" });
  } catch (error) {
    await service.stop();
    throw error;
  }
  const log = join(folder, "log");
  const out = openSync(log, "w");
  const nginx = spawn("nginx", [...config, "-g", "daemon off;"], { stdio: ["ignore", out, out] });
  closeSync(out);
  const url = `http://127.0.0.1:${port}`;
  await answers(nginx, `${url}/healthz`);
  project.provide("url", url);
  project.provide("behind", service.url);
  project.provide("log", log);
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
  if (text.split(from).length !== 2) throw new Error(`${file} has to say \`${from}\` once`);
  writeFileSync(file, text.replace(from, to));
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
