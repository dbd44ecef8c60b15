import { Button, TextInput } from "@mantine/core";
import { apiPaths, type Session } from "@obsyk/contract";
import { useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { makeOrg, orgsQuery, renameOrg, switchOrg } from "../../api/people.ts";
import { sessionQuery } from "../../api/queries.ts";
import { useServices } from "../../services.ts";
import { Card } from "../../ui/Card.tsx";
import css from "../../ui/ui.module.css";
import { Loaded, Refusal, useChange } from "./parts.tsx";
import own from "./settings.module.css";

export function OrgCard({ session }: { readonly session: Session }) {
  const { api } = useServices();
  const isOwner = session.person.role === "owner";
  return (
    <Card
      title="Organisation"
      aside={
        isOwner && (
          <Button component="a" href={apiPaths.orgExport} size="xs" variant="default">
            Export everything
          </Button>
        )
      }
    >
      <div className={own["stack"]}>
        <Memberships />
        {isOwner && (
          <NameForm
            label="Name"
            verb="Rename"
            start={session.org.name}
            change={renameOrg.bind(undefined, api)}
          />
        )}
        {isOwner && (
          <NameForm
            label="New organisation"
            verb="Create"
            start=""
            change={(name) => makeOrg(api, name)}
          />
        )}
      </div>
    </Card>
  );
}

function Memberships() {
  const { api, queryClient } = useServices();
  const query = useQuery(orgsQuery(api));
  const change = useChange(async (orgId: string) => {
    await switchOrg(api, orgId);
    // Nothing that is kept belongs to the other organisation.
    queryClient.clear();
    window.location.assign("/");
  });
  return (
    <Loaded what="your organisations" query={query}>
      {(orgs) => (
        <>
          <table className={css["table"]}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Your role</th>
                <th aria-label="Actions" />
              </tr>
            </thead>
            <tbody>
              {orgs.map((org) => (
                <tr key={org.id}>
                  <td>{org.name}</td>
                  <td>{org.role}</td>
                  <td className={own["end"]}>
                    {org.isCurrent ? (
                      "current"
                    ) : (
                      <Button
                        size="compact-xs"
                        variant="default"
                        onClick={() => change.mutate(org.id)}
                      >
                        Switch to {org.name}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <Refusal error={change.error} />
        </>
      )}
    </Loaded>
  );
}

type NameFormProps = {
  readonly label: string;
  readonly verb: string;
  readonly start: string;
  readonly change: (name: string) => Promise<unknown>;
};

function NameForm({ label, verb, start, change }: NameFormProps) {
  const { api, queryClient } = useServices();
  const [name, setName] = useState(start);
  const attempt = useChange(async (text: string) => {
    await change(text);
    await queryClient.invalidateQueries({ queryKey: sessionQuery(api).queryKey });
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    attempt.mutate(name.trim());
  };
  return (
    <form className={own["row"]} onSubmit={submit}>
      <TextInput
        label={label}
        value={name}
        maxLength={128}
        required
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" size="xs" variant="default" loading={attempt.isPending}>
        {verb}
      </Button>
      <Refusal error={attempt.error} />
    </form>
  );
}
