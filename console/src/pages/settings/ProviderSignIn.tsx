import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { beginProviderSignIn } from "../../api/people.ts";
import { useServices } from "../../services.ts";
import { Refusal } from "./parts.tsx";
import own from "./settings.module.css";

/** The other way in: the identity provider that the address' domain has. */
export function ProviderSignIn({ refused }: { readonly refused: string | undefined }) {
  const { api } = useServices();
  const [email, setEmail] = useState("");
  const attempt = useMutation({
    mutationFn: async () => beginProviderSignIn(api, email.trim()),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    attempt.mutate();
  };
  return (
    <form className={own["stack"]} onSubmit={submit}>
      {refused !== undefined && <Refusal error={new Error(refusalText(refused))} />}
      <TextInput
        type="email"
        label="Or by your organisation's identity provider"
        placeholder="you@example.com"
        value={email}
        maxLength={320}
        required
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <Refusal error={attempt.error} />
      <Button type="submit" variant="default" fullWidth loading={attempt.isPending}>
        Go on there
      </Button>
    </form>
  );
}

function refusalText(code: string): string {
  return code === "forbidden"
    ? "Your identity provider knows you, but gives you no access here. Ask an owner which groups have it."
    : "Sign-in at your identity provider did not work. Try again.";
}
