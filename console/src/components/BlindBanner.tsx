import type { BlindInterval } from "@obsyk/contract";
import { IconEyeOff } from "@tabler/icons-react";
import { readAsOf } from "../logic/age.ts";
import css from "../ui/ui.module.css";
import { recentBlind } from "./cluster-words.ts";
import { useNow } from "./use-now.ts";

const clockText = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

function sentence(interval: BlindInterval, nowMs: number): string {
  const from = clockText.format(new Date(interval.from));
  const resource = interval.stream.split("/")[0] ?? interval.stream;
  if (interval.to === undefined) {
    const since = readAsOf(interval.from, nowMs)?.ago ?? "";
    return `${resource}: not seen since ${from} (${since}), reason: ${interval.reason}`;
  }
  return `${resource}: not seen from ${from} to ${clockText.format(new Date(interval.to))}, reason: ${interval.reason}`;
}

/** Says when the platform could not see; what changed and vanished within may be missing from history. */
export function BlindBanner({ blind }: { readonly blind: readonly BlindInterval[] }) {
  const now = useNow(5000);
  const shown = recentBlind(blind, now);
  if (shown.length === 0) return null;
  const open = shown.filter(({ to }) => to === undefined).length;
  return (
    <div className={css["notice"]} role="status">
      <IconEyeOff size={16} />
      <div>
        <strong>
          {open > 0
            ? "What is shown may be out of date."
            : "There was a time without sight within the last hour."}
        </strong>
        {shown.slice(0, 3).map((interval) => (
          <div key={`${interval.stream} ${interval.from}`}>{sentence(interval, now)}</div>
        ))}
        {shown.length > 3 && <div>and {shown.length - 3} more</div>}
      </div>
    </div>
  );
}
