import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { streamStates, type ClusterStream } from "@obsyk/contract";
import { ruleFor, whyEmpty } from "./why-empty.ts";

const stream = (
  state: ClusterStream["state"],
  more: Partial<ClusterStream> = {},
): ClusterStream => ({
  stream: "pods/*/full",
  resource: "pods",
  state,
  objects: 0,
  notCollected: 0,
  ...more,
});
const why = (streams: readonly ClusterStream[] | undefined, isFiltered = false) =>
  whyEmpty({ resource: "pods", isFiltered, streams });

describe("whyEmpty", () => {
  it("whyEmpty: says that there is none only when a stream sees all of them (I3)", () => {
    for (const state of streamStates) {
      const isSeen = state === "watching" || state === "polling";
      assert.equal(why([stream(state)]).kind === "none", isSeen, state);
    }
    assert.equal(why([stream("watching"), stream("listing")]).kind, "listing");
    assert.equal(why([]).kind, "pending");
    assert.equal(why([stream("watching", { resource: "nodes" })]).kind, "off");
  });

  it("whyEmpty: filters explain it only where the rest is seen", () => {
    assert.equal(why([stream("watching")], true).kind, "filtered");
    assert.equal(why([stream("forbidden")], true).kind, "forbidden");
  });

  it("whyEmpty: a forbidden resource comes with the rule that lets it in, and what the API server said (I8)", () => {
    const { rule, text } = why([stream("forbidden", { detail: "pods is forbidden" })]);
    assert.equal(rule, ruleFor("pods"));
    assert.match(text, /pods is forbidden/);
  });

  it("ruleFor: group and plural of kubectl's form", () => {
    assert.equal(
      ruleFor("ingresses.networking.k8s.io"),
      '- apiGroups: ["networking.k8s.io"]\n  resources: ["ingresses"]\n  verbs: ["list", "watch"]',
    );
    assert.match(ruleFor("pods"), /apiGroups: \[""\]/);
  });
});
