/** The system's browser, and people in it: each in a context of their own. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 860 };
export const PASSWORD = "wayfare-demo-1";

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.WAYFARE_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

export interface Visit extends BrowserContextOptions {
  /** What somebody is signed in as. */
  as?: "customer" | "courier" | "manager" | "admin";
}

/** Somebody who opens a page, signed in or not. */
export async function visitor(browser: Browser, url: string, { as, ...options }: Visit = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, viewport: DESKTOP, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  if (as) await signIn(page, as);
  return page;
}

export const signIn = (page: Page, role: string) => enter(page, `${role}@wayfare.example`);

export async function enter(page: Page, email: string) {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: /menu$/ }).waitFor();
}
