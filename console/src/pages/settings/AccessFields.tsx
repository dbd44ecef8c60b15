import { NativeSelect, Textarea } from "@mantine/core";
import type { AccessList, Role } from "@obsyk/contract";
import { useQuery } from "@tanstack/react-query";
import { clustersQuery } from "../../api/queries.ts";
import { parseAccess } from "../../logic/access.ts";
import { useServices } from "../../services.ts";

export type GrantText = { readonly role: Role; readonly access: string };
export type Grant = { readonly role: Role; readonly access?: AccessList };

type AccessFieldsProps = {
  readonly roles: readonly Role[];
  readonly value: GrantText;
  readonly onChange: (value: GrantText) => void;
};

/** A role, and for a viewer what of the organisation it sees. */
export function AccessFields({ roles, value, onChange }: AccessFieldsProps) {
  const parsed = useParsed(value);
  return (
    <>
      <NativeSelect
        label="Role"
        data={[...roles]}
        value={value.role}
        onChange={(event) => {
          const role = roles.find((one) => one === event.currentTarget.value);
          if (role !== undefined) onChange({ ...value, role });
        }}
      />
      {value.role === "viewer" && (
        <Textarea
          label="Only these clusters and namespaces"
          description="One cluster a line, as NAME or NAME: NAMESPACE, NAMESPACE. Empty: everything."
          value={value.access}
          rows={2}
          spellCheck={false}
          error={parsed.kind === "wrong" ? `Line ${parsed.line}: ${parsed.reason}` : undefined}
          onChange={(event) => onChange({ ...value, access: event.currentTarget.value })}
        />
      )}
    </>
  );
}

function useParsed({ role, access }: GrantText) {
  const { api } = useServices();
  const { data = [] } = useQuery(clustersQuery(api));
  return role === "viewer" ? parseAccess(access, data) : ({ kind: "all" } as const);
}

/** What is sent; `undefined` while something is wrong. */
export function useGrant(value: GrantText): Grant | undefined {
  const parsed = useParsed(value);
  switch (parsed.kind) {
    case "wrong":
      return undefined;
    case "all":
      return { role: value.role };
    case "limited":
      return { role: value.role, access: parsed.access };
  }
}
