import { Button, TextInput } from "@mantine/core";
import type { Invitation } from "@obsyk/contract";
import { useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { invitationsQuery, invite, withdrawInvitation } from "../../api/people.ts";
import { useServices } from "../../services.ts";
import { Card } from "../../ui/Card.tsx";
import { Command } from "../../ui/Command.tsx";
import css from "../../ui/ui.module.css";
import { AccessFields, useGrant, type GrantText } from "./AccessFields.tsx";
import { dayText, Loaded, Refusal, rolesUpTo, useChange } from "./parts.tsx";
import own from "./settings.module.css";

export function InvitationsCard({ ownRole }: { readonly ownRole: string }) {
  const { api } = useServices();
  const query = useQuery(invitationsQuery(api));
  return (
    <Card title="Invitations">
      <div className={own["stack"]}>
        <InviteForm ownRole={ownRole} />
        <Loaded what="the invitations" query={query}>
          {(invitations) => invitations.length > 0 && <InvitationTable invitations={invitations} />}
        </Loaded>
      </div>
    </Card>
  );
}

function InviteForm({ ownRole }: { readonly ownRole: string }) {
  const { api } = useServices();
  const [note, setNote] = useState("");
  const [value, setValue] = useState<GrantText>({ role: "viewer", access: "" });
  const grant = useGrant(value);
  const attempt = useChange(async () => {
    if (grant === undefined) return undefined;
    return invite(api, { ...grant, note: note.trim() });
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    attempt.mutate(undefined);
  };
  return (
    <form className={own["stack"]} onSubmit={submit}>
      <div className={`${own["stack"]} ${own["narrow"]}`}>
        <TextInput
          label="For whom"
          description="A note for the list below."
          value={note}
          maxLength={128}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <AccessFields roles={rolesUpTo(ownRole)} value={value} onChange={setValue} />
        <div>
          <Button
            type="submit"
            size="xs"
            disabled={grant === undefined}
            loading={attempt.isPending}
          >
            Invite
          </Button>
        </div>
      </div>
      <Refusal error={attempt.error} />
      {attempt.data !== undefined && (
        <div role="status">
          <p>
            This link works once, until {dayText(attempt.data.expiresAt)}. It is shown only now:
          </p>
          <Command text={attempt.data.url} label="Invitation link" />
        </div>
      )}
    </form>
  );
}

function InvitationTable({ invitations }: { readonly invitations: readonly Invitation[] }) {
  const { api } = useServices();
  const withdraw = useChange(async (id: string) => withdrawInvitation(api, id));
  return (
    <>
      <table className={css["table"]}>
        <thead>
          <tr>
            <th scope="col">For whom</th>
            <th scope="col">Role</th>
            <th scope="col">By</th>
            <th scope="col">Until</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {invitations.map((one) => (
            <tr key={one.id}>
              <td>{one.note || "–"}</td>
              <td>{one.role}</td>
              <td>{one.createdBy}</td>
              <td>{dayText(one.expiresAt)}</td>
              <td className={own["end"]}>
                <Button size="compact-xs" variant="default" onClick={() => withdraw.mutate(one.id)}>
                  Withdraw
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Refusal error={withdraw.error} />
    </>
  );
}
