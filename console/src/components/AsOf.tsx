import { Tooltip } from "@mantine/core";
import { readAsOf, type Freshness } from "../logic/age.ts";
import type { Tone } from "../logic/columns.ts";
import css from "../ui/ui.module.css";
import { useNow } from "./use-now.ts";

const tones: Readonly<Record<Freshness, Tone>> = { fresh: "muted", late: "warn", stale: "bad" };
const clockText = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const dayText = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayMs = 86_400_000;

/** `as of 12:03:04, 2 s ago`: everything up to then is known, nothing after. */
export function AsOf({ time }: { readonly time: string | undefined }) {
  const now = useNow(1000);
  const asOf = readAsOf(time, now);
  if (asOf === undefined) return <span className={css["muted"]}>no data yet</span>;
  const at = new Date(asOf.atMs);
  const day = now - asOf.atMs > dayMs ? `${dayText.format(at)}, ` : "";
  return (
    <Tooltip label={at.toISOString()} openDelay={300}>
      <span className={css[tones[asOf.freshness]]} tabIndex={-1}>
        as of {day}
        {clockText.format(at)}, {asOf.ago}
      </span>
    </Tooltip>
  );
}
