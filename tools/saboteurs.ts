/**
 * Saboteurs that need more than a line, or are many. Each is source text that takes the place of ours while a proof's processes load.
 *
 * @module
 */
import type { Saboteur, Saboteurs } from "./proofs.ts";

const decode = "operator/src/project/decode.ts";

/** Takes the whole Secret list as JSON and keeps names only: the careless way to the same records. */
export const parsesWholeSecrets: Saboteur = {
  name: "parses-whole-secrets",
  breaks:
    "lists of Secrets and ConfigMaps are whole objects, parsed as JSON, of which only names are kept",
  patches: [
    {
      file: "contract/src/allow-list/request.ts",
      find: '{ includeObject: mode === "keys" ? "Metadata" : "None" }',
      replace:
        '{ includeObject: mode === "keys" ? (call === "list" ? "Object" : "Metadata") : "None" }',
    },
    {
      file: decode,
      find: 'import { TableList } from "./table-list.ts";',
      replace: `import { TableList } from "./table-list.ts";
import { canonicalize } from "@obsyk/contract";
import { recordOf } from "@obsyk/contract/allow-list";
class WholeList {
  #chunks = [];
  #definition;
  constructor(definition) { this.#definition = definition; }
  push(chunk) { this.#chunks.push(Buffer.from(chunk)); return []; }
  end() {
    const { rows, metadata } = JSON.parse(Buffer.concat(this.#chunks).toString());
    const events = rows.map(({ object }) => {
      const { uid, namespace = "", name, resourceVersion } = object.metadata;
      const keys = Object.keys({ ...object.data, ...object.binaryData }).sort();
      const obsyk = { dataCount: keys.length, dataKeys: keys, dataKeysQuality: "exact" };
      const { annotations, ...rest } = object.metadata;
      const pruned = { type: object.type, metadata: rest };
      const canonical = Buffer.from(canonicalize(recordOf(this.#definition, pruned, { mode: "keys", obsyk })));
      return { kind: "object", object: { uid, namespace, name, resourceVersion, managers: [], canonical } };
    });
    const { resourceVersion, continue: continueToken = "" } = metadata;
    return [...events, { kind: "meta", resourceVersion, continueToken, remainingItems: undefined }];
  }
}`,
    },
    {
      file: decode,
      find: "return isTable(mode) ? new TableList(rowOptions(options))",
      replace:
        'if (mode === "keys") return new WholeList(definition);\n  return isTable(mode) ? new TableList(rowOptions(options))',
    },
  ],
  caught: /memory with [^:]*: [1-9]\d* values/,
};

/** Mode counts that asks for what mode keys asks for, and steps over it. */
export const asksForMetadata: Saboteur = {
  name: "asks-for-metadata",
  breaks: "mode counts asks for the objects' metadata too",
  patches: [
    {
      file: "contract/src/allow-list/request.ts",
      find: '{ includeObject: mode === "keys" ? "Metadata" : "None" }',
      replace: '{ includeObject: "Metadata" }',
    },
    {
      file: "operator/src/project/table-row.ts",
      find: "if (!cursor.null()) skipMarkedObject(cursor);",
      replace: "if (!cursor.null()) cursor.skip();",
    },
  ],
  caught: /mode counts: received: [1-9]\d* values/,
};

/** One more key in the allow-list, and it is the wrong one. */
export const keepsTheManifest: Saboteur = {
  name: "keeps-the-manifest",
  breaks: "kubectl apply's annotation is allow-listed",
  patches: [
    {
      file: "contract/src/allow-list/annotations.ts",
      find: '  "kubectl.kubernetes.io/restartedAt",',
      replace:
        '  "kubectl.kubernetes.io/last-applied-configuration",\n  "kubectl.kubernetes.io/restartedAt",',
    },
  ],
  caught: /sent to the platform: [1-9]\d* values/,
};

/** For what is deleted while nobody watches. */
export const neverSweeps: Saboteur = {
  name: "never-sweeps",
  breaks: "what was deleted while the operator was down is never found missing",
  patches: [
    {
      file: "operator/src/deliver/stream-channel.ts",
      find: "const deleted = await this.#sweep(seen, signal);",
      replace: "const deleted = 0;",
    },
  ],
  caught: /differences from the API server's list: .*no longer exists/,
};

/** For what is refused, and what a refusal says. */
export const wrongKeySaboteurs: Saboteurs = [
  {
    name: "one-message-for-all",
    breaks: "every refusal says the same",
    patches: [
      {
        file: "runtime/src/signing-key.ts",
        find: "super(keyProblems[code]);",
        replace: 'super("the key is wrong");',
      },
    ],
    caught: /share one message/,
  },
  {
    name: "any-curve-will-do",
    breaks: "keys on other curves are taken",
    patches: [
      {
        file: "runtime/src/signing-key.ts",
        find: 'return "KEY_CURVE_P384";',
        replace: "return undefined;",
      },
    ],
    caught: /P-384: exit code 0/,
  },
  {
    name: "the-file-in-the-message",
    breaks: "a refusal quotes the key",
    patches: [
      {
        file: "cli/src/commands/key.ts",
        find: "`${file}: ${error.message} (${error.code})`",
        replace: '`${file}: ${error.message} ${await readFile(file, "latin1")}`',
      },
    ],
    caught: /shows bytes of the key/,
  },
  {
    name: "blind-to-pasted-keys",
    breaks: "the platform does not see that a pasted key is private",
    patches: [
      {
        file: "runtime/src/signing-key.ts",
        find: 'if (looksPrivate(text)) throw new SigningKeyError("PRIVATE_KEY_RECEIVED");',
        replace: "",
      },
    ],
    caught: /pasted/,
  },
];
