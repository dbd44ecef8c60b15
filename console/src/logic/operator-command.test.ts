import assert from "node:assert/strict";
import { it } from "node:test";
import { operatorCommand } from "./operator-command.ts";

const client = { name: "o'brien; rm -rf $HOME", clientId: "obsyk-1" };

it("operatorCommand: names the platform and quotes what a person chose", () => {
  const text = operatorCommand(client, { agentUrl: "https://platform.example:8443" });
  assert.match(text, /^OBSYK_PLATFORM_URL='https:\/\/platform\.example:8443' \\\n/);
  assert.ok(text.includes(String.raw`OBSYK_CLUSTER_NAME='o'\''brien; rm -rf $HOME' \ `.trimEnd()));
  assert.ok(!text.includes("OBSYK_CA_FILE"));
});

it("operatorCommand: writes the certificates to trust first, where they are needed", () => {
  const text = operatorCommand(client, { agentUrl: "https://127.0.0.1:8443", agentCa: "CA\n" });
  assert.match(text, /^cat > obsyk-ca\.pem <<'PEM'\nCA\nPEM\nOBSYK_PLATFORM_URL=/);
  assert.match(text, /\nOBSYK_CA_FILE=obsyk-ca\.pem \\\n/);
});
