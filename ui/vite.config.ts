import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a running Landfall. */
const server = process.env["LANDFALL_URL"] ?? "http://127.0.0.1:7171";

export default defineConfig({
  plugins: [react()],
  build: {
    // The folder holds a file that git keeps; `build/compress.mjs` removes what an earlier build left.
    emptyOutDir: false,
    manifest: "manifest.json",
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    // Small files as `data:` addresses would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: { "/landfall/": server, "/v1/": server, "/healthz": server, "/readyz": server },
    fs: { allow: [".."] },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
    env: { TZ: "UTC" },
  },
});
