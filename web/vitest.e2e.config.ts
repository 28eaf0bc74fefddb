import { defineConfig } from "vitest/config";

/** End to end: the built page, the real service, the system's browser. One file after the other, on one service. */
export default defineConfig({
  test: {
    include: process.env.WAYFARE_SHOTS ? ["e2e/screenshots.ts"] : ["e2e/*.test.ts"],
    globalSetup: "e2e/setup.ts",
    environment: "node",
    fileParallelism: false,
    testTimeout: process.env.WAYFARE_SHOTS ? 600_000 : 120_000,
    hookTimeout: 120_000,
  },
});
