import type { BlindInterval } from "@obsyk/contract";
import { IconEyeOff } from "@tabler/icons-react";
import { blindReason, groupBlind, readAsOf, type BlindGroup } from "@obsyk/contract/printer";
import { resourceInfo } from "../logic/resources.ts";
import { clockText } from "./clock-text.ts";
import css from "./blind.module.css";
import { useNow } from "./use-now.ts";

type BlindBannerProps = {
  readonly blind: readonly BlindInterval[];
  /** Whose streams are many: sentences then say which. */
  readonly ofCluster?: true;
};

/**
 * Says when the platform could not see: what changed and vanished within may be missing from history. Still blind is an
 * alarm, was blind is a note.
 */
export function BlindBanner({ blind, ofCluster }: BlindBannerProps) {
  const now = useNow(5000);
  const { open, closed } = groupBlind(blind, now);
  return (
    <>
      {open.length > 0 && (
        <div className={css["open"]} role="status">
          <IconEyeOff size={16} aria-hidden />
          <div>
            <strong>What is shown may be out of date.</strong>
            {open.map((group) => (
              <div key={keyOf(group)}>
                {ofCluster && `${streamsText(group)}: `}
                not seen since {clockText(group.fromMs, now)} (
                {readAsOf(new Date(group.fromMs).toISOString(), now)?.ago}), {group.reason}
              </div>
            ))}
          </div>
        </div>
      )}
      <ClosedLine closed={closed} nowMs={now} ofCluster={ofCluster} />
    </>
  );
}

type ClosedLineProps = {
  readonly closed: readonly BlindGroup[];
  readonly nowMs: number;
  readonly ofCluster: true | undefined;
};

function ClosedLine({ closed, nowMs, ofCluster }: ClosedLineProps) {
  const [latest, ...others] = closed;
  if (latest === undefined) return null;
  const line = `Blind ${rangeText(latest.fromMs, latest.toMs, nowMs)} (${latest.reason})`;
  const streams = ofCluster ? `, ${streamsText(latest)}` : "";
  const intervals = closed.flatMap((group) => group.intervals);
  if (intervals.length === 1) {
    return (
      <p className={css["closed"]}>
        {line}
        {streams}
      </p>
    );
  }
  return (
    <details className={css["closed"]}>
      <summary>
        {line}
        {streams}
        {others.length > 0 && `, and ${others.length} more`} <span>show all</span>
      </summary>
      <ul>
        {intervals.map(({ stream, from, to, reason }) => (
          <li key={`${stream} ${from}`}>
            {rangeText(Date.parse(from), to === undefined ? undefined : Date.parse(to), nowMs)}{" "}
            {titleOf(stream)} ({blindReason(reason)})
          </li>
        ))}
      </ul>
    </details>
  );
}

function keyOf({ reason, fromMs }: BlindGroup): string {
  return `${reason} ${fromMs}`;
}

function rangeText(fromMs: number, toMs: number | undefined, nowMs: number): string {
  return `${clockText(fromMs, nowMs)}–${toMs === undefined ? "" : clockText(toMs, nowMs)}`;
}

/** `Pods`, and `Pods in shop` for a stream of one namespace. */
function titleOf(stream: string): string {
  const [resource = stream, namespace = "*"] = stream.split("/");
  const { title } = resourceInfo(resource);
  return namespace === "*" ? title : `${title} in ${namespace}`;
}

const namedStreams = 3;

function streamsText({ streams }: BlindGroup): string {
  return streams.length > namedStreams
    ? `${streams.length} streams`
    : streams.map((stream) => titleOf(stream)).join(", ");
}
