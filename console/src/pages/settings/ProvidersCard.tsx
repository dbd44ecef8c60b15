import { Button, TextInput } from "@mantine/core";
import type { IdentityProvider } from "@obsyk/contract";
import { useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { addProvider, providersQuery, removeProvider, verifyProvider } from "../../api/people.ts";
import { useServices } from "../../services.ts";
import { Card } from "../../ui/Card.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Status } from "../../ui/Status.tsx";
import { Loaded, Refusal, useChange } from "./parts.tsx";
import own from "./settings.module.css";

export function ProvidersCard() {
  const { api } = useServices();
  const query = useQuery(providersQuery(api));
  return (
    <Card title="Identity providers">
      <div className={own["stack"]}>
        <p>
          People of your domain sign in at your own OpenID Connect provider; their groups give them
          a role.
        </p>
        <Loaded what="the identity providers" query={query}>
          {(providers) => providers.map((one) => <Provider key={one.id} provider={one} />)}
        </Loaded>
        <ProviderForm />
      </div>
    </Card>
  );
}

function Provider({ provider }: { readonly provider: IdentityProvider }) {
  const { api } = useServices();
  const verify = useChange(async () => verifyProvider(api, provider.id));
  const remove = useChange(async () => removeProvider(api, provider.id));
  const { groups } = provider;
  return (
    <div className={own["stack"]}>
      <Facts
        facts={[
          ["Name", provider.name],
          ["Domain", provider.domain],
          [
            "State",
            provider.isDomainVerified ? (
              <Status key="state" text="Domain verified" tone="good" />
            ) : (
              <Status key="state" text="Domain not verified" tone="warn" />
            ),
          ],
          ["Issuer", <code key="issuer">{provider.issuer}</code>],
          ["Client ID", <code key="client">{provider.clientId}</code>],
          ["Redirect URI", <code key="uri">{provider.redirectUri}</code>],
          ["TXT record", <code key="name">{provider.txtName}</code>],
          ["Its value", <code key="value">{provider.txtValue}</code>],
          ["Owners", groups.owner.join(", ") || "–"],
          ["Admins", groups.admin.join(", ") || "–"],
          ["Viewers", groups.viewer.join(", ") || "–"],
        ]}
      />
      <div className={own["row"]}>
        {!provider.isDomainVerified && (
          <Button size="xs" loading={verify.isPending} onClick={() => verify.mutate(undefined)}>
            Verify {provider.domain}
          </Button>
        )}
        <Button size="xs" color="red" variant="light" onClick={() => remove.mutate(undefined)}>
          Remove {provider.name}
        </Button>
      </div>
      <Refusal error={verify.error ?? remove.error} />
    </div>
  );
}

const fields = [
  ["name", "Name of the provider", true],
  ["issuer", "Issuer", true],
  ["clientId", "Client ID", true],
  ["domain", "Domain of your e-mail addresses", true],
  ["owner", "Groups of owners, comma-separated", false],
  ["admin", "Groups of admins, comma-separated", false],
  ["viewer", "Groups of viewers, comma-separated", false],
] as const;

type Field = (typeof fields)[number][0];
type Texts = { readonly [field in Field]: string };

const empty: Texts = {
  name: "",
  issuer: "",
  clientId: "",
  domain: "",
  owner: "",
  admin: "",
  viewer: "",
};

function listOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function ProviderForm() {
  const { api } = useServices();
  const [texts, setTexts] = useState(empty);
  const attempt = useChange(async () => {
    await addProvider(api, {
      name: texts.name.trim(),
      issuer: texts.issuer.trim(),
      clientId: texts.clientId.trim(),
      domain: texts.domain.trim().toLowerCase(),
      groupsClaim: "groups",
      groups: {
        owner: listOf(texts.owner),
        admin: listOf(texts.admin),
        viewer: listOf(texts.viewer),
      },
    });
    setTexts(empty);
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    attempt.mutate(undefined);
  };
  return (
    <details>
      <summary>Add a provider</summary>
      <form className={`${own["stack"]} ${own["narrow"]}`} onSubmit={submit}>
        {fields.map(([field, label, isRequired]) => (
          <TextInput
            key={field}
            label={label}
            value={texts[field]}
            required={isRequired}
            maxLength={512}
            onChange={(event) => setTexts({ ...texts, [field]: event.currentTarget.value })}
          />
        ))}
        <Refusal error={attempt.error} />
        <div>
          <Button type="submit" size="xs" loading={attempt.isPending}>
            Add
          </Button>
        </div>
      </form>
    </details>
  );
}
