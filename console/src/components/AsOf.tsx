import { Tooltip } from "@mantine/core";
import { readAsOf, type Freshness } from "@obsyk/contract/printer";
import type { Tone } from "@obsyk/contract/printer";
import css from "../ui/ui.module.css";
import { clockText } from "./clock-text.ts";
import { useNow } from "./use-now.ts";

const tones: Readonly<Record<Freshness, Tone>> = { fresh: "muted", late: "warn", stale: "bad" };

type AsOfProps = {
  readonly time: string | undefined;
  /** The answer draws from several streams and says the oldest of their times. */
  readonly oldest?: true;
};

const oldestHint = "Oldest of its streams; quiet streams are confirmed about once a minute.";

/** `as of 12:03:04, 2 s ago`: everything up to then is known, nothing after. */
export function AsOf({ time, oldest }: AsOfProps) {
  const now = useNow(1000);
  const asOf = readAsOf(time, now);
  if (asOf === undefined) return <span className={css["muted"]}>no data yet</span>;
  const exact = new Date(asOf.atMs).toISOString();
  return (
    <Tooltip
      label={oldest ? `${oldestHint} ${exact}` : exact}
      openDelay={300}
      multiline
      maw={280}
      events={{ hover: true, focus: true, touch: true }}
    >
      <span className={css[tones[asOf.freshness]]} tabIndex={oldest ? 0 : -1}>
        as of {clockText(asOf.atMs, now)}, {asOf.ago}
      </span>
    </Tooltip>
  );
}
