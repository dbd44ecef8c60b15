import { useEffect, useState } from "react";
import { LiveChannel } from "../api/live.ts";
import { isAffected } from "../logic/changes.ts";
import type { LiveState } from "../logic/live-link.ts";
import { useServices } from "../services.ts";

/** Keeps the live channel open while mounted, and makes affected answers new. */
export function useLive(): LiveState {
  const { clock, queryClient } = useServices();
  const [state, setState] = useState<LiveState>("connecting");
  useEffect(() => {
    const channel = new LiveChannel({
      clock,
      onState: setState,
      onChanges: async (changes) =>
        queryClient.invalidateQueries({
          predicate: ({ queryKey }) => isAffected(queryKey, changes),
        }),
      onReconnect: () => {
        void queryClient.invalidateQueries();
      },
    });
    return () => {
      channel.close();
    };
  }, [clock, queryClient]);
  return state;
}
