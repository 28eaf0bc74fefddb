/** What tests need of the world: a browser, people, and things in shops, made through the API. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import { launch, PASSWORD, type Visit, visitor } from "./browser.ts";

export interface World {
  url: string;
  /** The service itself, past whatever is in front of it. */
  behind: string;
  visit: (options?: Visit) => Promise<Page>;
  /** What the page's console and its scripts complained of. */
  complaints: string[];
}

/** A browser for the tests of a file; what was opened in a test is closed after it. */
export function world(): World {
  const url = inject("url");
  const behind = inject("behind");
  let browser: Browser;
  const opened: Page[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(page => page.context().close()));
    const found = complaints.splice(0);
    expect(found, "mistakes that the page's scripts made").toEqual([]);
  });
  const visit = async (options?: Visit) => {
    const page = await visitor(browser, url, options);
    page.on("pageerror", error => complaints.push(String(error)));
    page.on("console", message => {
      if (message.type() === "error" && /Content.Security.Policy|Refused/.test(message.text()))
        complaints.push(message.text());
    });
    opened.push(page);
    return page;
  };
  return { url, behind, visit, complaints };
}

let count = 0;
export const unique = (word: string) => `${word}-${Date.now().toString(36)}-${count++}`;

type Json = Record<string, unknown>;

/** The API as a program uses it: with bearer tokens. */
export class Api {
  readonly #url: string;
  readonly #token: string | undefined;

  constructor(url: string, token?: string) {
    this.#url = url;
    this.#token = token;
  }

  async as(email: string): Promise<Api> {
    const tokens = await this.send("POST", "/api/auth/login", { email, password: PASSWORD });
    return new Api(this.#url, tokens.access_token as string);
  }

  async newcomer(): Promise<{ email: string; api: Api }> {
    const email = `${unique("nora")}@example.org`;
    await this.send("POST", "/api/auth/register", { email, name: "Nora Newcomer", password: PASSWORD });
    return { email, api: await this.as(email) };
  }

  headers(): Record<string, string> {
    const token = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    return { "Content-Type": "application/json", ...token };
  }

  async send<T = Json>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = this.headers();
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(this.#url + path, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : {}) as T;
  }

  /** Something new in the manager's shop. */
  async product(more: Json = {}): Promise<{ id: number; shop: number; name: string }> {
    const manager = await this.as("manager@wayfare.example");
    const { shop_id } = await manager.send<{ shop_id: number }>("GET", "/api/me");
    const name = unique("Seed cake");
    const body = { shop_id, name, category: "pastry", price: 350, stock: 20, ...more };
    const made = await manager.send<{ id: number; name: string }>("POST", "/api/menu-items", body);
    return { id: made.id, shop: shop_id, name: made.name };
  }
}

export const PLACE = { text: "Central Avenue", lat: 46.9, lon: 4.35 };

/** The address that somebody has chosen before. */
export async function livesIn(page: Page) {
  await page.addInitScript(place => localStorage.setItem("wayfare.place", JSON.stringify(place)), PLACE);
}
