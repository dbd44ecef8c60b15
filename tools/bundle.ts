/**
 * `npm run bundle`: one minified file each for operator, platform and cli in dist/, and the list of modules that are
 * really inside, which SBOMs are made from. The same sources give the same bytes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { relative } from "node:path";
import { rolldown } from "rolldown";

const artefacts = ["operator", "platform", "cli"] as const;

for (const name of artefacts) {
  const bundle = await rolldown({ input: `${name}/src/main.ts`, platform: "node" });
  const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false });
  await bundle.close();
  const [chunk] = output;
  mkdirSync("dist", { recursive: true });
  writeFileSync(`dist/${name}.js`, chunk.code);
  const modules = chunk.moduleIds.map((id) => relative(process.cwd(), id)).sort();
  writeFileSync(`dist/${name}.modules.json`, `${JSON.stringify(modules, null, 2)}\n`);
  const digest = createHash("sha256").update(chunk.code).digest("hex");
  console.log(
    `dist/${name}.js  ${chunk.code.length} bytes  ${modules.length} modules  sha256:${digest}`,
  );
}
