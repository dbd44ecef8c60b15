import { Button, NumberInput, TextInput } from "@mantine/core";
import { limits, type Token } from "@obsyk/contract";
import { useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { makeToken, revokeToken, tokensQuery } from "../../api/people.ts";
import { useServices } from "../../services.ts";
import { Card } from "../../ui/Card.tsx";
import { Command } from "../../ui/Command.tsx";
import css from "../../ui/ui.module.css";
import { AccessFields, useGrant, type GrantText } from "./AccessFields.tsx";
import { dayText, Loaded, Refusal, rolesUpTo, timeText, useChange } from "./parts.tsx";
import own from "./settings.module.css";

export function TokensCard({ ownRole }: { readonly ownRole: string }) {
  const { api } = useServices();
  const query = useQuery(tokensQuery(api));
  return (
    <Card title="API tokens">
      <div className={own["stack"]}>
        <p>
          For machines, sent as <code>Authorization: Bearer</code>. A token is never more than you
          are, and ends when you leave.
        </p>
        <TokenForm ownRole={ownRole} />
        <Loaded what="your tokens" query={query}>
          {(tokens) => tokens.length > 0 && <TokenTable tokens={tokens} />}
        </Loaded>
      </div>
    </Card>
  );
}

function TokenForm({ ownRole }: { readonly ownRole: string }) {
  const { api } = useServices();
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const [value, setValue] = useState<GrantText>({ role: "viewer", access: "" });
  const grant = useGrant(value);
  const attempt = useChange(async () => {
    if (grant === undefined) return undefined;
    return makeToken(api, { ...grant, name: name.trim(), days });
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    attempt.mutate(undefined);
  };
  return (
    <form className={own["stack"]} onSubmit={submit}>
      <div className={`${own["stack"]} ${own["narrow"]}`}>
        <TextInput
          label="Name of the token"
          value={name}
          maxLength={128}
          required
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput
          label="Days until it expires"
          value={days}
          min={1}
          max={limits.tokenDays}
          allowDecimal={false}
          onChange={(next) => setDays(Number(next))}
        />
        <AccessFields roles={rolesUpTo(ownRole)} value={value} onChange={setValue} />
        <div>
          <Button
            type="submit"
            size="xs"
            disabled={grant === undefined}
            loading={attempt.isPending}
          >
            Make a token
          </Button>
        </div>
      </div>
      <Refusal error={attempt.error} />
      {attempt.data !== undefined && (
        <div role="status">
          <p>Keep it now: it is shown only once.</p>
          <Command text={attempt.data.token} label="API token" />
        </div>
      )}
    </form>
  );
}

function TokenTable({ tokens }: { readonly tokens: readonly Token[] }) {
  const { api } = useServices();
  const revoke = useChange(async (id: string) => revokeToken(api, id));
  return (
    <>
      <table className={css["table"]}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            <th scope="col">Expires</th>
            <th scope="col">Last used</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id}>
              <td>{token.name}</td>
              <td>{token.role}</td>
              <td>{dayText(token.expiresAt)}</td>
              <td>{token.lastUsedAt === undefined ? "never" : timeText(token.lastUsedAt)}</td>
              <td className={own["end"]}>
                <Button size="compact-xs" variant="default" onClick={() => revoke.mutate(token.id)}>
                  Revoke {token.name}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Refusal error={revoke.error} />
    </>
  );
}
