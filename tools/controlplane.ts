/** `npm run controlplane`: builds the real Kubernetes control plane for tests, once, into a cache outside the tree. */
import { buildBinary, ControlPlaneError } from "@obsyk/testkit";

const controller = new AbortController();
process.once("SIGINT", () => controller.abort(new ControlPlaneError("stopped")));
try {
  const path = await buildBinary({
    env: process.env,
    signal: controller.signal,
    progress: (line) => console.log(line),
  });
  console.log(path);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
