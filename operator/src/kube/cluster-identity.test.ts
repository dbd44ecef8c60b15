/** Which cluster answers, asked with nothing but the right to list namespaces. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findResource } from "@obsyk/contract/allow-list";
import {
  createCertificates,
  encodeList,
  openScriptedServer,
  type KubeObject,
  type ScriptedRequest,
} from "@obsyk/testkit";
import { openClusterAccess } from "./client.ts";
import { readClusterIdentity, type ClusterIdentity } from "./cluster-identity.ts";

const protobuf = { "content-type": "application/vnd.kubernetes.protobuf" };

function listOf(items: readonly KubeObject[]): Buffer {
  return encodeList(findResource("namespaces")!, items, { resourceVersion: "5" });
}

async function identify(respond: (request: ScriptedRequest) => void): Promise<ClusterIdentity> {
  const { ca, cert, key } = await createCertificates();
  await using server = await openScriptedServer({ tls: { cert, key }, respond });
  const tls = { ca };
  await using access = openClusterAccess({
    target: {
      server: new URL(server.url),
      credentials: {
        authorization: () => Promise.resolve("Bearer token"),
        tls: () => Promise.resolve(tls),
        renew: () => undefined,
      },
    },
    version: "0.0.0",
  });
  return await readClusterIdentity(access, AbortSignal.timeout(10_000));
}

const kubeSystem = { metadata: { name: "kube-system", uid: "uid-1", resourceVersion: "3" } };

test("readClusterIdentity: uid of kube-system and version", async () => {
  const identity = await identify(({ path, query, reply }) => {
    if (path === "/version") return reply.send(200, '{"gitVersion": "v1.36.3"}');
    assert.equal(query.get("fieldSelector"), "metadata.name=kube-system");
    reply.send(200, listOf([kubeSystem]), protobuf);
  });
  assert.deepEqual(identity, { uid: "uid-1", kubernetesVersion: "v1.36.3" });
});

test("readClusterIdentity: a version that is not told is no failure", async () => {
  const identity = await identify(({ path, reply }) =>
    path === "/version" ? reply.send(403, "{}") : reply.send(200, listOf([kubeSystem]), protobuf),
  );
  assert.equal(identity.kubernetesVersion, undefined);
});

test("readClusterIdentity: a missing right says which", async () => {
  await assert.rejects(
    identify(({ reply }) => reply.send(403, "{}")),
    /grant list on namespaces/,
  );
});

test("readClusterIdentity: neither another type nor an empty list is an identity", async () => {
  await assert.rejects(
    identify(({ reply }) => reply.send(200, "{}", { "content-type": "application/json" })),
    /protobuf/,
  );
  await assert.rejects(
    identify(({ reply }) => reply.send(200, listOf([]), protobuf)),
    /kube-system/,
  );
});
