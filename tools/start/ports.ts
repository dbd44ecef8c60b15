import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** The wished port, or a free one when another process has it. */
export async function choosePort(wished: number): Promise<number> {
  const server = createServer();
  for (const port of [wished, 0]) {
    server.listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch (error) {
      if (port !== 0) continue;
      throw error;
    }
    const chosen = (server.address() as AddressInfo).port;
    server.close();
    await once(server, "close");
    return chosen;
  }
  throw new Error("there is no free port on 127.0.0.1");
}
