import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Section } from "./section.ts";
import { sectionsOf } from "./summary.ts";

/** `title: header=text …` of every row, and `title: term=text` of every fact. */
function lines(sections: readonly Section[]): readonly string[] {
  return sections.flatMap((section) =>
    section.kind === "facts"
      ? section.facts.map(([term, { text }]) => `${section.title}: ${term}=${text}`)
      : section.rows.map(
          (row) =>
            `${section.title}: ${row.map(({ text }, index) => `${section.headers[index]}=${text}`).join(" ")}`,
        ),
  );
}

function targets(sections: readonly Section[]): readonly string[] {
  return sections
    .flatMap((section) =>
      section.kind === "facts" ? section.facts.map(([, value]) => value) : section.rows.flat(),
    )
    .flatMap(({ target }) =>
      target === undefined ? [] : [`${target.resource} ${target.namespace ?? ""}/${target.name}`],
    );
}

const known = [
  "pods",
  "deployments.apps",
  "cronjobs.batch",
  "services",
  "ingresses.networking.k8s.io",
  "networkpolicies.networking.k8s.io",
  "secrets",
  "persistentvolumeclaims",
  "persistentvolumes",
  "serviceaccounts",
  "roles.rbac.authorization.k8s.io",
  "rolebindings.rbac.authorization.k8s.io",
  "validatingwebhookconfigurations.admissionregistration.k8s.io",
  "nodes",
  "resourcequotas",
  "widgets.example.com",
];

const pod = {
  spec: {
    nodeName: "node-1",
    serviceAccountName: "web",
    hostNetwork: true,
    volumes: [
      { name: "tls", secret: { secretName: "web-tls" } },
      { name: "data", persistentVolumeClaim: { claimName: "web-data" } },
      { name: "run", hostPath: { path: "/run" } },
    ],
    initContainers: [{ name: "setup", image: "setup:1" }],
    containers: [
      {
        name: "app",
        image: "app:1",
        ports: [{ name: "http", containerPort: 8080 }],
        resources: { requests: { cpu: "100m" } },
        volumeMounts: [
          { name: "tls", mountPath: "/tls", readOnly: true },
          { name: "run", mountPath: "/host" },
        ],
        env: [{ name: "PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }],
        securityContext: { privileged: true, capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] } },
      },
    ],
  },
  status: {
    qosClass: "Burstable",
    initContainerStatuses: [
      { name: "setup", state: { terminated: { exitCode: 0, reason: "Completed" } } },
    ],
    containerStatuses: [
      {
        name: "app",
        restartCount: 3,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 137, reason: "OOMKilled", finishedAt: "T" } },
      },
    ],
    conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady" }],
  },
};

describe("sectionsOf", () => {
  it("sectionsOf: a pod's containers with state, reasons, mounts and what it shares with the node", () => {
    const sections = sectionsOf({ resource: "pods", namespace: "shop", record: pod });
    const all = lines(sections);
    assert.ok(all.includes("Placement and identity: Shares with the node=hostNetwork"));
    assert.ok(
      all.includes(
        "Containers: Name=setup (init) State=Completed Restarts=– Image=setup:1 Last ended=– Ports=– Requests=–",
      ),
    );
    assert.ok(
      all.includes(
        "Containers: Name=app State=CrashLoopBackOff Restarts=3 Image=app:1 Last ended=OOMKilled, exit code 137 at T Ports=http 8080/TCP Requests=cpu=100m",
      ),
    );
    assert.ok(
      all.includes("Mounts: Container=app Path=/tls Volume=tls From=web-tls Access=read-only"),
    );
    assert.ok(all.some((line) => /Privileged=yes .*Capabilities=\+NET_ADMIN −ALL/.test(line)));
    assert.ok(all.includes("Conditions: Type=Ready Status=False Reason=ContainersNotReady"));
    assert.deepEqual(targets(sections), [
      "nodes /node-1",
      "serviceaccounts shop/web",
      "secrets shop/web-tls",
      "secrets shop/db",
    ]);
  });

  it("sectionsOf: a role's rules name the core group and mark what grants everything", () => {
    const record = {
      rules: [
        { verbs: ["get", "list"], apiGroups: [""], resources: ["secrets"], resourceNames: ["a"] },
        { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      ],
    };
    const [rules] = sectionsOf({ resource: "roles.rbac.authorization.k8s.io", record });
    assert.deepEqual(lines(rules === undefined ? [] : [rules]), [
      "Rules: Verbs=get, list Resources=secrets API groups=core Names=a",
      "Rules: Verbs=* Resources=* API groups=* Names=–",
    ]);
    assert.equal(rules?.kind === "table" ? rules.rows[1]?.[0]?.tone : undefined, "warn");
  });

  it("sectionsOf: a secret shows names of keys with their quality, and that values are never read (I2)", () => {
    const record = {
      type: "Opaque",
      obsyk: { dataCount: 3, dataKeys: ["a", "b"], dataKeysQuality: "partial" },
    };
    const all = lines(sectionsOf({ resource: "secrets", namespace: "shop", record }));
    assert.ok(all.includes("Keys: Names known=partial"));
    assert.ok(all.includes("Key names: Key=a Value=never read"));
  });

  it("sectionsOf: a network policy that selects all and allows nothing says both", () => {
    const record = { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } };
    const all = lines(sectionsOf({ resource: "networkpolicies.networking.k8s.io", record }));
    assert.ok(all.includes("Network policy: Applies to=all pods of the namespace"));
    assert.ok(all.includes("Network policy: Allows nothing for=Ingress, Egress"));
  });

  it("sectionsOf: an ingress leads to its services and certificates", () => {
    const record = {
      spec: {
        tls: [{ hosts: ["a.example"], secretName: "a-tls" }],
        rules: [
          {
            host: "a.example",
            http: {
              paths: [{ path: "/", backend: { service: { name: "web", port: { number: 80 } } } }],
            },
          },
        ],
      },
    };
    const resource = "ingresses.networking.k8s.io";
    assert.deepEqual(targets(sectionsOf({ resource, namespace: "shop", record })), [
      "services shop/web",
      "secrets shop/a-tls",
    ]);
  });

  it("sectionsOf: any record at all gives texts, and rows as long as their headings", () => {
    const anything = fc.oneof(fc.object({ maxDepth: 5 }), fc.constant(pod));
    fc.assert(
      fc.property(fc.constantFrom(...known), anything, (resource, record) => {
        for (const section of sectionsOf({ resource, record })) {
          if (section.kind === "facts") continue;
          for (const row of section.rows) assert.equal(row.length, section.headers.length);
        }
        for (const line of lines(sectionsOf({ resource, record }))) {
          assert.ok(!line.includes("undefined") || JSON.stringify(record).includes("undefined"));
        }
      }),
    );
  });
});
