import { defineConfig } from "vitest/config";

/** The nginx tier with ModSecurity in front of the real service: what has to pass, passes, and what must not, doesn't. */
export default defineConfig({
  test: {
    include: ["e2e/tier/*.test.ts", "e2e/order.test.ts"],
    globalSetup: "e2e/tier/setup.ts",
    environment: "node",
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
