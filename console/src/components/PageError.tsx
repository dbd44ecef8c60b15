import { useRouter } from "@tanstack/react-router";
import { isLoadFailure } from "../logic/load-failure.ts";
import { ErrorState } from "./ErrorState.tsx";

/** Where a whole page could not be shown. */
export function PageError({ error }: { readonly error: Error }) {
  const router = useRouter();
  const isPartMissing = isLoadFailure(error);
  const shown = isPartMissing
    ? new Error("The platform did not answer, or was upgraded since this page was opened.")
    : error;
  const retry = (): void => {
    if (isPartMissing) window.location.reload();
    else void router.invalidate();
  };
  return (
    <main>
      <ErrorState what="this page" error={shown} onRetry={retry} />
    </main>
  );
}
