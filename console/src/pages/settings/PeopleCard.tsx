import { Button } from "@mantine/core";
import type { Person } from "@obsyk/contract";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { changePerson, makeSignInLink, peopleQuery, removePerson } from "../../api/people.ts";
import { clustersQuery, sessionQuery } from "../../api/queries.ts";
import { accessText } from "../../logic/access.ts";
import { useServices } from "../../services.ts";
import { Card } from "../../ui/Card.tsx";
import { Command } from "../../ui/Command.tsx";
import css from "../../ui/ui.module.css";
import { AccessFields, useGrant } from "./AccessFields.tsx";
import { dayText, Loaded, Refusal, rolesUpTo, timeText, useChange } from "./parts.tsx";
import own from "./settings.module.css";

export function PeopleCard({ ownId }: { readonly ownId: string }) {
  const { api } = useServices();
  const query = useQuery(peopleQuery(api));
  const [edited, setEdited] = useState<Person>();
  return (
    <>
      <Card title="People" flush>
        <Loaded what="the people" query={query}>
          {(people) => <PeopleTable people={people} ownId={ownId} onEdit={setEdited} />}
        </Loaded>
      </Card>
      {edited !== undefined && (
        <PersonCard key={edited.id} person={edited} onDone={() => setEdited(undefined)} />
      )}
    </>
  );
}

type PeopleTableProps = {
  readonly people: readonly Person[];
  readonly ownId: string;
  readonly onEdit: (person: Person) => void;
};

function PeopleTable({ people, ownId, onEdit }: PeopleTableProps) {
  const { api } = useServices();
  const { data: clusters = [] } = useQuery(clustersQuery(api));
  return (
    <table className={css["table"]}>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Role</th>
          <th scope="col">Sees</th>
          <th scope="col">Since</th>
          <th scope="col">Last seen</th>
          <th aria-label="Actions" />
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <tr key={person.id}>
            <td>
              {person.name}
              {person.id === ownId && " (you)"}
              {person.email !== undefined && <div className={css["note"]}>{person.email}</div>}
            </td>
            <td>{person.role}</td>
            <td className={own["lines"]}>{accessText(person.access, clusters) || "everything"}</td>
            <td>{dayText(person.createdAt)}</td>
            <td>{person.lastSeen === undefined ? "–" : timeText(person.lastSeen)}</td>
            <td className={own["end"]}>
              <Button size="compact-xs" variant="default" onClick={() => onEdit(person)}>
                Change {person.name}
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type PersonCardProps = { readonly person: Person; readonly onDone: () => void };

/** Below the list instead of above the page: a dialog would need styles that the policy of the page forbids. */
function PersonCard({ person, onDone }: PersonCardProps) {
  const { api } = useServices();
  const { data: clusters = [] } = useQuery(clustersQuery(api));
  const session = useQuery(sessionQuery(api)).data;
  const [value, setValue] = useState({
    role: person.role,
    access: accessText(person.access, clusters),
  });
  const [isSure, setSure] = useState(false);
  const grant = useGrant(value);
  const change = useChange(async () => {
    if (grant !== undefined) await changePerson(api, person.id, grant);
    onDone();
  });
  const remove = useChange(async () => {
    await removePerson(api, person.id);
    onDone();
  });
  const link = useChange(async () => makeSignInLink(api, person.id));
  const close = (
    <Button size="compact-xs" variant="default" onClick={onDone}>
      Close
    </Button>
  );
  return (
    <Card title={person.name} aside={close}>
      <div className={own["stack"]}>
        <AccessFields
          roles={rolesUpTo(session?.person.role ?? "viewer")}
          value={value}
          onChange={setValue}
        />
        <div className={own["row"]}>
          <Button
            size="xs"
            disabled={grant === undefined}
            loading={change.isPending}
            onClick={() => change.mutate(undefined)}
          >
            Save
          </Button>
          <Button size="xs" variant="default" onClick={() => link.mutate(undefined)}>
            Make a sign-in link
          </Button>
          <Button
            size="xs"
            color="red"
            variant={isSure ? "filled" : "light"}
            onClick={() => (isSure ? remove.mutate(undefined) : setSure(true))}
          >
            {isSure ? `Really remove ${person.name}` : "Remove"}
          </Button>
        </div>
        {link.data !== undefined && (
          <>
            <p>Works once, for ten minutes, for whoever opens it:</p>
            <Command text={link.data.url} label="Sign-in link" />
          </>
        )}
        <Refusal error={change.error ?? remove.error ?? link.error} />
      </div>
    </Card>
  );
}
