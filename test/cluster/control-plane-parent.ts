/** A process that starts a control plane, prints its folder and waits to be killed. */
import { startControlPlane } from "@obsyk/testkit";

const plane = await startControlPlane({ signal: new AbortController().signal });
console.log(plane.folder);
setInterval(() => undefined, 60_000);
