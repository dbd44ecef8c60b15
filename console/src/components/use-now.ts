import { useEffect, useState } from "react";
import { useServices } from "../services.ts";

/** The platform's time, renewed every `periodMs`: ages and as-of texts move without new data. */
export function useNow(periodMs: number): number {
  const { clock } = useServices();
  const [now, setNow] = useState(() => clock.now());
  useEffect(
    () =>
      clock.every(periodMs, () => {
        setNow(clock.now());
      }),
    [clock, periodMs],
  );
  return now;
}
