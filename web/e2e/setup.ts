import type { TestProject } from "vitest/node";
import { start } from "./started.ts";

declare module "vitest" {
  interface ProvidedContext {
    url: string;
    behind: string;
  }
}

/** One service for all tests; `WAYFARE_URL` tests one that runs already, such as the nginx tier. */
export default async function setup(project: TestProject) {
  if (process.env.WAYFARE_URL) {
    project.provide("url", process.env.WAYFARE_URL);
    project.provide("behind", process.env.WAYFARE_URL);
    return;
  }
  const service = await start();
  project.provide("url", service.url);
  project.provide("behind", service.url);
  return service.stop;
}
