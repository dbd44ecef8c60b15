import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const development = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist",
    // The platform's policy has no room for inline scripts: no preload polyfill, no data: fonts or scripts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // Younger targets keep light-dark() as written; a lowered form would not see the theme switch.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    sourcemap: false,
    rolldownOptions: {
      output: {
        // Libraries change seldom: a browser keeps them when only the console is new.
        codeSplitting: {
          groups: [
            // With the setting in the same file as the library, it holds before the first schema is made, whichever
            // file needs one first.
            { name: "schemas", test: /node_modules[\\/]zod[\\/]|console[\\/]src[\\/]jitless\.ts/ },
            { name: "react", test: /node_modules[\\/](?:react|react-dom|scheduler)[\\/]/ },
            { name: "router", test: /node_modules[\\/]@tanstack[\\/]/ },
            { name: "components", test: /node_modules[\\/](?:@mantine|@floating-ui)[\\/]/ },
          ],
        },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: development, changeOrigin: false } },
  },
});
