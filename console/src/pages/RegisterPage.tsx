import { Button, Skeleton, Textarea, TextInput } from "@mantine/core";
import type { ClusterDetail } from "@obsyk/contract";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState, type SyntheticEvent } from "react";
import { clusterQuery, clustersQuery, registerClient, sessionQuery } from "../api/queries.ts";
import { clusterWords } from "../components/cluster-words.ts";
import { ErrorState } from "../components/ErrorState.tsx";
import { Page } from "../components/Page.tsx";
import { operatorCommand } from "../logic/operator-command.ts";
import { compareThumbprint } from "../logic/thumbprint.ts";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { Card } from "../ui/Card.tsx";
import { Command } from "../ui/Command.tsx";
import { Facts } from "../ui/Facts.tsx";
import { Status } from "../ui/Status.tsx";
import css from "../ui/ui.module.css";
import form from "./register.module.css";

const route = getRouteApi("/shell/register");

/** The steps follow each other; once registered, the cluster is part of the URL and the rest can wait. */
export function RegisterPage() {
  const { cluster } = route.useSearch();
  return (
    <Page title="Register a cluster">
      {cluster === undefined ? <Registration /> : <Connection clusterId={cluster} />}
    </Page>
  );
}

function Registration() {
  const { api, queryClient } = useServices();
  const navigate = useNavigate();
  const registration = useMutation({
    mutationFn: async (body: { name: string; publicKey: string }) => registerClient(api, body),
    onSuccess: async ({ clusterId }) => {
      await queryClient.invalidateQueries({ queryKey: clustersQuery(api).queryKey });
      await navigate({ ...paths.connect(clusterId), replace: true });
    },
  });
  return (
    <>
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
        <RegisterForm
          error={registration.error}
          isPending={registration.isPending}
          onRegister={registration.mutate}
        />
      </Card>
    </>
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

function Connection({ clusterId }: { readonly clusterId: string }) {
  const { api } = useServices();
  // The live channel tells of the first objects; this tells of an operator that connects and has nothing to say yet.
  const query = useQuery({ ...clusterQuery(api, clusterId), refetchInterval: 3000 });
  if (query.isPending) return <Skeleton height={280} />;
  if (query.data === undefined) {
    return (
      <ErrorState what="the cluster" error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  const cluster = query.data;
  return (
    <>
      <Card title="2. Registered">
        <Facts
          facts={[
            ["Cluster", cluster.name],
            ["Client ID", <code key="id">{cluster.clientId}</code>],
            ["Thumbprint", <code key="thumbprint">{cluster.thumbprint}</code>],
          ]}
        />
      </Card>
      <Thumbprints cluster={cluster} />
      <StartOperator cluster={cluster} />
    </>
  );
}

function Thumbprints({ cluster }: { readonly cluster: ClusterDetail }) {
  const [pasted, setPasted] = useState("");
  const result = compareThumbprint(pasted, cluster.thumbprint);
  return (
    <Card title="3. Compare the thumbprint">
      <div className={form["stack"]}>
        <p>
          Both sides must have the same key: whoever could exchange it on the way here would be
          taken for your operator. Where the key is, this prints the thumbprint again:
        </p>
        <Command
          text="npx node cli/src/main.ts key obsyk-key.pem"
          label="Command that prints the thumbprint"
        />
        <TextInput
          label="Thumbprint there"
          description="Paste what the command printed. It is compared in this browser."
          value={pasted}
          maxLength={200}
          spellCheck={false}
          classNames={{ input: css["mono"] ?? "" }}
          error={
            result === "different"
              ? "This is another key than the one registered here. Do not go on: register the right public key again."
              : undefined
          }
          onChange={(event) => setPasted(event.currentTarget.value)}
        />
        <div role="status">
          {result === "same" && <Status text="The same key on both sides" tone="good" />}
        </div>
      </div>
    </Card>
  );
}

function StartOperator({ cluster }: { readonly cluster: ClusterDetail }) {
  const { api } = useServices();
  const session = useQuery(sessionQuery(api)).data;
  const { state, name } = cluster;
  return (
    <Card title="4. Start the operator" aside={<Status pill {...clusterWords[state]} />}>
      <div className={form["stack"]}>
        <p>
          Run this in Obsyk's folder, where the key is. It reads the cluster that your kubeconfig
          names; list and watch rights are enough.
        </p>
        {session !== undefined && (
          <Command
            text={operatorCommand(cluster, session)}
            label="Settings and command of the operator"
          />
        )}
        <div role="status" className={form["waiting"]} data-connected={state === "connected"}>
          {state === "connected" ? (
            <p>
              <strong>Connected.</strong>{" "}
              <Link {...paths.cluster(cluster.id)}>See what runs in {name}</Link>
            </p>
          ) : (
            <p>Waiting for the operator of {name} to connect. This turns green by itself.</p>
          )}
        </div>
        {state !== "connected" && <Troubles />}
      </div>
    </Card>
  );
}

function Troubles() {
  return (
    <details className={form["troubles"]}>
      <summary>It does not turn green</summary>
      <ul>
        <li>The operator's log names the step that failed, and what to do about it.</li>
        <li>
          It must reach the platform's address above, and trust its certificate: OBSYK_CA_FILE names
          the certificates to trust.
        </li>
        <li>A refused sign-in means another key or client ID than the ones shown here.</li>
      </ul>
    </details>
  );
}
