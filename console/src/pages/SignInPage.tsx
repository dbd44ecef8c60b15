import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { ApiError } from "../api/client.ts";
import { sessionQuery, signIn } from "../api/queries.ts";
import { usePageTitle } from "../components/Page.tsx";
import { safeNext } from "../logic/search.ts";
import { useServices } from "../services.ts";
import { Command } from "../ui/Command.tsx";
import { Logo } from "../ui/Logo.tsx";
import { ProviderSignIn } from "./settings/ProviderSignIn.tsx";
import css from "./sign-in.module.css";

const route = getRouteApi("/sign-in");

/**
 * A link is used up by a person's click, not by opening the page: mail scanners and link previews open pages.
 */
export function SignInPage() {
  usePageTitle("Sign in");
  const { token, next, refused } = route.useSearch();
  const { api, queryClient } = useServices();
  const router = useRouter();
  const attempt = useMutation({
    mutationFn: async (value: string) => signIn(api, value),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: sessionQuery(api).queryKey });
      router.history.replace(safeNext(next));
    },
  });
  return (
    <main className={css["page"]}>
      <section className={css["card"]} aria-labelledby="sign-in">
        <Logo sizePx={40} />
        <h1 id="sign-in">Sign in to Obsyk</h1>
        {token === undefined ? (
          <p>
            Sign-in works by a one-time link. Make one where the platform runs, then open it here.
          </p>
        ) : (
          !isUsed(attempt.error) && <p>This link works once, from this browser.</p>
        )}
        {attempt.error !== null && <Refusal error={attempt.error} />}
        {token !== undefined && !isUsed(attempt.error) && (
          <Button fullWidth loading={attempt.isPending} onClick={() => attempt.mutate(token)}>
            Sign in
          </Button>
        )}
        {(token === undefined || isUsed(attempt.error)) && (
          <Command text={readCommand()} label="Command that makes a sign-in link" />
        )}
        {token === undefined && <ProviderSignIn refused={refused} />}
      </section>
    </main>
  );
}

/** The platform writes it into the page: it knows with which settings it runs. */
function readCommand(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="sign-in-command"]');
  const text = meta?.content ?? "";
  return text.startsWith("__") || text === "" ? "npx node platform/src/main.ts sign-in-link" : text;
}

function isUsed(error: Error | null): boolean {
  return error instanceof ApiError && error.status !== undefined && error.status < 500;
}

function Refusal({ error }: { readonly error: Error }) {
  return (
    <div role="alert" className={css["refusal"]}>
      {isUsed(error) ? (
        <>
          <strong>This link was used before, has expired, or was cut off.</strong>
          <p>Links work once, for ten minutes. Make a new one where the platform runs:</p>
        </>
      ) : (
        <p>{error.message}</p>
      )}
    </div>
  );
}
