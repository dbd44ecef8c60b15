import { useRouter } from "@tanstack/react-router";
import { ErrorState } from "./ErrorState.tsx";

/** Where a whole page could not be shown. */
export function PageError({ error }: { readonly error: Error }) {
  const router = useRouter();
  return (
    <main>
      <ErrorState what="this page" error={error} onRetry={() => void router.invalidate()} />
    </main>
  );
}
