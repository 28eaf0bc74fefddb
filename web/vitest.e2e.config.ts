import { defineConfig } from "vitest/config";

/** What runs in place of the tests: pictures of every page, or how fast they are. */
const other = process.env.WAYFARE_E2E;

/** End to end: the built page, the real service, the system's browser. One file after the other, on one service. */
export default defineConfig({
  test: {
    include: [`e2e/${other ? `${other}.ts` : "*.test.ts"}`],
    globalSetup: "e2e/setup.ts",
    environment: "node",
    fileParallelism: false,
    testTimeout: other ? 900_000 : 120_000,
    hookTimeout: 120_000,
  },
});
