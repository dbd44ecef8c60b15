/**
 * Why a table shows nothing: a person must never take "we do not know" for "there is none".
 *
 * @module
 */
import type { ClusterStream } from "@obsyk/contract";
import { groupOf, pluralOf, resourceInfo } from "./resources.ts";

export type WhyEmpty = {
  readonly kind: "filtered" | "pending" | "off" | "forbidden" | "listing" | "broken" | "none";
  readonly title: string;
  readonly text: string;
  /** What to add to the operator's ClusterRole, as YAML. */
  readonly rule?: string;
};

type Situation = {
  readonly resource: string;
  readonly isFiltered: boolean;
  /** Of the whole cluster; absent while not known. */
  readonly streams: readonly ClusterStream[] | undefined;
};

const seeing: ReadonlySet<ClusterStream["state"]> = new Set(["watching", "polling"]);
const coming: ReadonlySet<ClusterStream["state"]> = new Set(["starting", "listing", "waiting"]);

/** A rule of a ClusterRole (RBAC) that lets the operator list and watch the resource. */
export function ruleFor(resource: string): string {
  return [
    `- apiGroups: ["${groupOf(resource)}"]`,
    `  resources: ["${pluralOf(resource)}"]`,
    `  verbs: ["list", "watch"]`,
  ].join("\n");
}

export function whyEmpty({ resource, isFiltered, streams }: Situation): WhyEmpty {
  const { title } = resourceInfo(resource);
  const own = streams?.filter((stream) => stream.resource === resource) ?? [];
  const troubled = own.find(({ state }) => !seeing.has(state) && !coming.has(state));
  if (troubled !== undefined) return trouble(title, troubled);
  if (own.some(({ state }) => coming.has(state))) {
    return {
      kind: "listing",
      title: `${title} are not listed yet`,
      text: "The operator is reading them for the first time, or again after a gap. They appear here by themselves.",
    };
  }
  if (streams !== undefined && own.length === 0) return unread(title, streams.length > 0);
  if (isFiltered) {
    return {
      kind: "filtered",
      title: `No ${title} match`,
      text: "There may be others: these filters leave them out.",
    };
  }
  return { kind: "none", title: `No ${title}`, text: `The cluster has none.` };
}

function unread(title: string, hasStreams: boolean): WhyEmpty {
  if (!hasStreams) {
    return {
      kind: "pending",
      title: "Nothing is known yet",
      text: "The operator of this cluster has not connected yet.",
    };
  }
  return {
    kind: "off",
    title: `${title} are not collected`,
    text: "The operator's settings leave this resource out, or its version does not know it. Nothing is said here about whether the cluster has any.",
  };
}

function trouble(title: string, { state, detail, resource }: ClusterStream): WhyEmpty {
  const said = detail === undefined ? "" : ` The operator says: ${detail}`;
  switch (state) {
    case "forbidden":
      return {
        kind: "forbidden",
        title: `The operator may not read ${title}`,
        text: `Add this rule to its ClusterRole, and they appear here by themselves.${said}`,
        rule: ruleFor(resource),
      };
    case "absent":
      return {
        kind: "off",
        title: `This cluster has no ${title}`,
        text: `Its API server does not serve this resource.${said}`,
      };
    case "stopped":
      return {
        kind: "off",
        title: `${title} are not collected any more`,
        text: `They left the scope of what the operator reads; that is no deletion.${said}`,
      };
    default:
      return {
        kind: "broken",
        title: `${title} cannot be shown`,
        text: `Their stream is ${state}.${said}`,
      };
  }
}
