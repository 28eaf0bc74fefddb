import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { pack } from "./pack.ts";

// Where `npm run dev` finds the service; `cargo xtask up` listens there.
const service = process.env.WAYFARE ?? "http://127.0.0.1:5000";

export default defineConfig({
  plugins: [react(), pack()],
  server: { port: 5173, proxy: { "/api": service } },
  build: {
    target: "es2023",
    // A picture or font inside the page's files would need `data:` in the Content-Security-Policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
