import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileJsonPath } from "./evaluate.ts";
import { JsonPathError } from "./template.ts";

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "api-1",
    namespace: "shop",
    labels: { app: "api", "app.kubernetes.io/name": "api" },
  },
  spec: {
    hostNetwork: true,
    containers: [
      { name: "a", image: "i1", ports: [{ containerPort: 80 }] },
      { name: "b", image: "i2", ports: [{ containerPort: 81 }, { containerPort: 443 }] },
      { name: "c", image: "i3" },
    ],
  },
};

/** Templates, and what kubectl 1.32 printed for this pod (`kubectl label --local -o jsonpath=...`). */
const printed: readonly (readonly [template: string, text: string])[] = [
  [
    "{.metadata}",
    '{"labels":{"app":"api","app.kubernetes.io/name":"api"},"name":"api-1","namespace":"shop"}',
  ],
  ["{.spec.containers[*].name}", "a b c"],
  ["{.spec.containers[0].name}", "a"],
  ["{.spec.containers[-1].name}", "c"],
  ["{.spec.containers[0:2].name}", "a b"],
  ["{.spec.containers[::2].name}", "a c"],
  ["{.spec.containers[-2:].name}", "b c"],
  ["{.spec.containers[0,2].name}", "a c"],
  ["{.spec.containers[*]['name','image']}", "a b c i1 i2 i3"],
  ["{..containerPort}", "80 81 443"],
  ["{..name}", "api-1 a b c"],
  ["{.metadata.labels.app\\.kubernetes\\.io/name}", "api"],
  ["{.metadata.labels['app\\.kubernetes\\.io/name']}", "api"],
  ["{.metadata.labels['app']}", "api"],
  ['{.spec.containers[?(@.name=="b")].image}', "i2"],
  ['{.spec.containers[?(@.name!="b")].image}', "i1 i3"],
  ["{.spec.containers[?(@.ports)].name}", "a b"],
  ["{.spec.containers[?(@.ports[0].containerPort>80)].name}", "b"],
  ["{.spec.containers[?(@.ports[0].containerPort>=80)].name}", "a b"],
  ['{range .spec.containers[*]}{.name}={.image}{"\\n"}{end}', "a=i1\nb=i2\nc=i3\n"],
  ["{range .spec.containers[*]}{.name}{$.kind}{end}", "abc"],
  [
    '{range .spec.containers[*]}{.name}{range .ports[*]}:{.containerPort}{end}{"\\n"}{end}',
    "a:80\nb:81:443\nc\n",
  ],
  ["name: {.metadata.name}, {.kind}", "name: api-1, Pod"],
  ["{$.kind}", "Pod"],
  ["{@.kind}", "Pod"],
  ["{.nope}", ""],
  ["{.nope.x[0]}", ""],
  ["{.spec.hostNetwork}", "true"],
  ["{.spec.containers[*].ports[*].containerPort}", "80 81 443"],
  [
    "{.spec.containers[*].ports}",
    '[{"containerPort":80}] [{"containerPort":81},{"containerPort":443}]',
  ],
  ["plain", "plain"],
  ['{"a\\tb"}', "a\tb"],
  ["{'q'}", "q"],
  ['{.spec.containers[*].name}{"\\n"}', "a b c\n"],
  ["{.spec.containers[?(@.name)].name}", "a b c"],
  [
    '{.spec.containers[?(@.image=="i1")]}',
    '{"image":"i1","name":"a","ports":[{"containerPort":80}]}',
  ],
  ["{.spec.containers.name}", ""],
  ["{.spec..name}", "a b c"],
  ["{.metadata['name']}", "api-1"],
  ["{1}", "1"],
  ["{true}", "true"],
  ["{.spec.containers[?(@.name=='b')].image}", "i2"],
  ["{ .metadata.name }", "api-1"],
  [
    "{}",
    '{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"app":"api","app.kubernetes.io/name":"api"},"name":"api-1","namespace":"shop"},"spec":{"containers":[{"image":"i1","name":"a","ports":[{"containerPort":80}]},{"image":"i2","name":"b","ports":[{"containerPort":81},{"containerPort":443}]},{"image":"i3","name":"c"}],"hostNetwork":true}}',
  ],
  [
    "{@}",
    '{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"app":"api","app.kubernetes.io/name":"api"},"name":"api-1","namespace":"shop"},"spec":{"containers":[{"image":"i1","name":"a","ports":[{"containerPort":80}]},{"image":"i2","name":"b","ports":[{"containerPort":81},{"containerPort":443}]},{"image":"i3","name":"c"}],"hostNetwork":true}}',
  ],
  ["{.spec.containers[?(@.ports[0].containerPort==80)].name}", "a"],
  ["{.spec.containers[?(80==@.ports[0].containerPort)].name}", "a"],
  ["{.spec.containers[?(true==true)].name}", "a b c"],
  ["{.metadata.name}}", "api-1}"],
  ["{.spec.containers[*].ports[0].containerPort}", "80 81"],
];

/** Templates that kubectl refuses too. */
const refused: readonly string[] = [
  "{.spec.containers[5].name}",
  '{.spec.containers[?(@.name=="b" && @.image=="i2")].name}',
  "{.metadata.name",
  "{.metadata.name}{",
  "{end}",
  "{.spec.containers[?(@.ports[*].containerPort==443)].name}",
  "{.spec.containers[(@.length-1)].name}",
  "{.spec.containers[a]}",
  "{.metadata.labels[app]}",
  "{foo}",
  '{.spec.containers[?(@.name=~"b")].name}',
  '{.spec.containers[?(@.ports[0].containerPort=="80")].name}',
  "{[0]}",
  "{.spec.containers[2:0:-1].name}",
  "{.spec.containers[1:9].name}",
];

test("compileJsonPath: prints what kubectl prints", () => {
  for (const [template, text] of printed) {
    assert.equal(compileJsonPath(template)(pod), text, template);
  }
});

test("compileJsonPath: refuses what kubectl refuses, and says where", () => {
  for (const template of refused) {
    assert.throws(() => compileJsonPath(template)(pod), { code: "JSONPATH" }, template);
  }
  assert.throws(() => compileJsonPath("{.metadata.name .kind}"), /character 17: expected }/);
  assert.throws(() => compileJsonPath("{range .items[*]}"), /expected {end}, found the end/);
});

test("compileJsonPath: members of objects come in order, whatever their names", () => {
  const print = compileJsonPath("{.labels.*} {.labels}");
  const labels = JSON.parse('{"b":"2","__proto__":"p","constructor":"c","a":"1"}') as object;
  assert.equal(print({ labels }), 'p 1 2 c {"__proto__":"p","a":"1","b":"2","constructor":"c"}');
  assert.equal(compileJsonPath("{.toString}{.constructor}{.__proto__}")({}), "");
});

test("compileJsonPath: any text is a template or a clear refusal", () => {
  const piece = fc.constantFrom(
    ..."{}[]().@$*?:,'\"\\ =<>-0a1".split(""),
    "..",
    "range ",
    "{end}",
    ".spec",
    ".containers[*]",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      try {
        assert.equal(typeof compileJsonPath(pieces.join(""))(pod), "string");
      } catch (error) {
        assert.ok(error instanceof JsonPathError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
