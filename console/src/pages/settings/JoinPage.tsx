import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useState, type SyntheticEvent } from "react";
import { acceptInvitation, guestQuery } from "../../api/people.ts";
import { usePageTitle } from "../../components/Page.tsx";
import { useServices } from "../../services.ts";
import { Logo } from "../../ui/Logo.tsx";
import css from "../sign-in.module.css";
import { Refusal } from "./parts.tsx";
import own from "./settings.module.css";

const route = getRouteApi("/join");

/** An invitation is used up by a person's click, as a sign-in link is. */
export function JoinPage() {
  usePageTitle("Join");
  const { token = "" } = route.useSearch();
  const { api, queryClient } = useServices();
  const router = useRouter();
  const [name, setName] = useState("");
  const session = useQuery(guestQuery(api)).data ?? undefined;
  const attempt = useMutation({
    mutationFn: async () =>
      acceptInvitation(api, session === undefined ? { token, name: name.trim() } : { token }),
    onSuccess: () => {
      queryClient.clear();
      router.history.replace("/");
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    attempt.mutate();
  };
  return (
    <main className={css["page"]}>
      <section className={css["card"]} aria-labelledby="join">
        <Logo sizePx={40} />
        <h1 id="join">Join an organisation</h1>
        <form className={own["stack"]} onSubmit={submit}>
          {session === undefined ? (
            <TextInput
              label="Your name"
              description="As the others will see it."
              value={name}
              maxLength={128}
              required
              onChange={(event) => setName(event.currentTarget.value)}
            />
          ) : (
            <p>You join as {session.person.name}, and can switch back in the settings.</p>
          )}
          <Refusal error={attempt.error} />
          <Button type="submit" fullWidth loading={attempt.isPending} disabled={token === ""}>
            Join
          </Button>
        </form>
      </section>
    </main>
  );
}
