import { Skeleton } from "@mantine/core";
import type { Role } from "@obsyk/contract";
import { useMutation, type UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorState } from "../../components/ErrorState.tsx";
import { useServices } from "../../services.ts";
import css from "../../ui/ui.module.css";

/** Roles that someone of this role can give, the least first. */
export function rolesUpTo(role: string): readonly Role[] {
  if (role === "owner") return ["viewer", "admin", "owner"];
  return role === "admin" ? ["viewer", "admin"] : ["viewer"];
}

const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const times = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

export const dayText = (time: string): string => days.format(new Date(time));
export const timeText = (time: string): string => times.format(new Date(time));

/** A change after which the settings are asked for again. */
export function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const { queryClient } = useServices();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => queryClient.invalidateQueries({ queryKey: ["settings"] }),
  });
}

export function Refusal({ error }: { readonly error: Error | null }) {
  if (error === null) return null;
  return (
    <p role="alert" className={css["bad"]}>
      {error.message}
    </p>
  );
}

type LoadedProps<T> = {
  readonly what: string;
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
};

export function Loaded<T>({ what, query, children }: LoadedProps<T>) {
  if (query.isPending) return <Skeleton height={80} />;
  if (query.data === undefined) {
    const error = query.error ?? new Error("There is no answer.");
    return <ErrorState what={what} error={error} onRetry={() => void query.refetch()} />;
  }
  return children(query.data);
}
