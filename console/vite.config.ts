import react from "@vitejs/plugin-react";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const development = "http://127.0.0.1:8080";

const assets = "assets";

/** A compressed twin beside each file: the platform sends it as it is, and compresses nothing twice. */
function twins(): Plugin {
  return {
    name: "compressed-twins",
    apply: "build",
    async writeBundle({ dir }) {
      const folder = join(dir ?? "dist", assets);
      for (const name of await readdir(folder)) {
        const compressed = await promisify(gzip)(await readFile(join(folder, name)), { level: 9 });
        await writeFile(join(folder, `${name}.gz`), compressed);
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), twins()],
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
