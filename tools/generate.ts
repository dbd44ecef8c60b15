/** `npm run generate`: writes every generated page. A test fails while one differs from its table. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { referencePages } from "./reference.ts";

for (const { path, text } of referencePages()) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`${path}  ${text.length} bytes`);
}
