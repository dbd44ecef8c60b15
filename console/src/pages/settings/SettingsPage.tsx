import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../../api/queries.ts";
import { Page } from "../../components/Page.tsx";
import { useServices } from "../../services.ts";
import { OrgCard } from "./OrgCard.tsx";
import { InvitationsCard } from "./InvitationsCard.tsx";
import { PeopleCard } from "./PeopleCard.tsx";
import { ProvidersCard } from "./ProvidersCard.tsx";
import { SessionsCard } from "./SessionsCard.tsx";
import { TokensCard } from "./TokensCard.tsx";

/** What someone may not do is not shown; the platform decides all the same. */
export function SettingsPage() {
  const { api } = useServices();
  const session = useQuery(sessionQuery(api)).data;
  const isAdmin = session !== undefined && session.person.role !== "viewer";
  return (
    <Page title="Settings">
      {session !== undefined && <OrgCard session={session} />}
      {isAdmin && <PeopleCard ownId={session.person.id} />}
      {isAdmin && <InvitationsCard ownRole={session.person.role} />}
      {session?.person.role === "owner" && <ProvidersCard />}
      {session !== undefined && <TokensCard ownRole={session.person.role} />}
      <SessionsCard />
    </Page>
  );
}
