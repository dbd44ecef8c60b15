import { Button, Textarea, TextInput } from "@mantine/core";
import type { Client } from "@obsyk/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type SyntheticEvent } from "react";
import { clusterQuery, clustersQuery, registerClient, sessionQuery } from "../api/queries.ts";
import { clusterWords } from "../components/cluster-words.ts";
import { Page } from "../components/Page.tsx";
import { operatorCommand } from "../logic/operator-command.ts";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { Card } from "../ui/Card.tsx";
import { Command } from "../ui/Command.tsx";
import { Facts } from "../ui/Facts.tsx";
import { Status } from "../ui/Status.tsx";
import css from "../ui/ui.module.css";
import form from "./register.module.css";

export function RegisterPage() {
  const { api, queryClient } = useServices();
  const registration = useMutation({
    mutationFn: async (body: { name: string; publicKey: string }) => registerClient(api, body),
    onSuccess: async () => queryClient.invalidateQueries({ queryKey: clustersQuery(api).queryKey }),
  });
  return (
    <Page title="Register a cluster">
      <Card title="1. Make a key pair">
        <div className={form["stack"]}>
          <p>
            Run this in Obsyk's folder, where the operator will be started. The private key stays
            there; only the public key, which the command prints, is needed here.
          </p>
          <Command
            text="npx node cli/src/main.ts keygen --out obsyk-key.pem"
            label="Command that makes a key pair"
          />
        </div>
      </Card>
      <Card title="2. Register the public key">
        {registration.data === undefined ? (
          <RegisterForm
            error={registration.error}
            isPending={registration.isPending}
            onRegister={registration.mutate}
          />
        ) : (
          <Registered client={registration.data} />
        )}
      </Card>
      {registration.data !== undefined && <NextSteps client={registration.data} />}
    </Page>
  );
}

type RegisterFormProps = {
  readonly error: Error | null;
  readonly isPending: boolean;
  readonly onRegister: (body: { name: string; publicKey: string }) => void;
};

function RegisterForm({ error, isPending, onRegister }: RegisterFormProps) {
  const [name, setName] = useState("");
  const [publicKey, setPublicKey] = useState("");
  // Kept out of the request too: what never leaves the browser cannot leak further.
  const isPrivate = /PRIVATE KEY/.test(publicKey);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    onRegister({ name: name.trim(), publicKey: publicKey.trim() });
  };
  return (
    <form className={form["stack"]} onSubmit={submit}>
      <TextInput
        label="Cluster name"
        description="As people will see it."
        value={name}
        maxLength={253}
        required
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Textarea
        label="Public key"
        description="PEM, ECDSA P-256, beginning with BEGIN PUBLIC KEY."
        value={publicKey}
        rows={5}
        maxLength={4096}
        required
        spellCheck={false}
        classNames={{ input: css["mono"] ?? "" }}
        error={
          isPrivate
            ? "This is a private key. It was not sent, but treat it as compromised: make a new pair and paste the public key."
            : undefined
        }
        onChange={(event) => setPublicKey(event.currentTarget.value)}
      />
      {error !== null && (
        <p role="alert" className={css["bad"]}>
          {error.message}
        </p>
      )}
      <div>
        <Button type="submit" size="xs" loading={isPending} disabled={isPrivate}>
          Register
        </Button>
      </div>
    </form>
  );
}

function Registered({ client }: { readonly client: Client }) {
  return (
    <Facts
      facts={[
        ["Cluster", client.name],
        ["Client ID", <code key="id">{client.clientId}</code>],
        ["Thumbprint", <code key="thumbprint">{client.thumbprint}</code>],
      ]}
    />
  );
}

function NextSteps({ client }: { readonly client: Client }) {
  const { api } = useServices();
  const { data } = useQuery({ ...clusterQuery(api, client.clusterId), refetchInterval: 3000 });
  const session = useQuery(sessionQuery(api)).data;
  const state = data?.state ?? "pending";
  return (
    <Card title="3. Start the operator" aside={<Status pill {...clusterWords[state]} />}>
      <div className={form["stack"]}>
        <p>
          Run this in Obsyk's folder, where the key is. It reads the cluster that your kubeconfig
          names; list and watch rights are enough.
        </p>
        {session !== undefined && (
          <Command
            text={operatorCommand(client, session)}
            label="Settings and command of the operator"
          />
        )}
        <div role="status">
          {state === "connected" ? (
            <p>
              Connected.{" "}
              <Link {...paths.cluster(client.clusterId)}>See what runs in {client.name}</Link>
            </p>
          ) : (
            <p className={css["muted"]}>
              Waiting for the operator of {client.name} to connect. This turns green by itself.
            </p>
          )}
        </div>
      </div>
    </Card>
  );
}
