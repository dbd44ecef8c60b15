import { Button, Skeleton } from "@mantine/core";
import type { FindingPage, FoundFinding } from "@obsyk/contract";
import { IconShieldCheck } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { clustersQuery, findingsQuery } from "../api/queries.ts";
import { AsOf } from "../components/AsOf.tsx";
import { BlindBanner } from "../components/BlindBanner.tsx";
import { ErrorState } from "../components/ErrorState.tsx";
import { Page } from "../components/Page.tsx";
import { findingTitles, groupFindings, type FindingGroup } from "../logic/finding-groups.ts";
import { resourceInfo } from "../logic/resources.ts";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { Card } from "../ui/Card.tsx";
import { PageState } from "../ui/PageState.tsx";
import css from "../ui/ui.module.css";

/** Where something secret seems to be in the open, in one cluster or in all: by location, never by content. */
export function FindingsPage() {
  const { clusterId } = useParams({ strict: false });
  const { api } = useServices();
  const query = useInfiniteQuery(findingsQuery(api, clusterId));
  const clusters = useQuery(clustersQuery(api));
  const cluster = clusters.data?.find(({ id }) => id === clusterId)?.name;
  const pages = query.data?.pages;
  const groups = useMemo(() => groupFindings(pages?.flatMap(({ items }) => items) ?? []), [pages]);
  const title = cluster === undefined ? "Findings" : `Findings in ${cluster}`;
  return (
    <Page title={title} aside={<AsOf time={pages?.[0]?.asOf} oldest />}>
      <p className={css["muted"]}>
        Places where tools or people put something secret in the open. They are known by the
        presence of a field or the name of a key; no value was read to find them.
      </p>
      <BlindBanner blind={pages?.[0]?.blind ?? []} ofCluster />
      {query.isPending ? (
        <Skeleton height={200} />
      ) : pages === undefined ? (
        <ErrorState
          what="the findings"
          error={query.error ?? new Error("no answer")}
          onRetry={() => void query.refetch()}
        />
      ) : (
        <Groups groups={groups} pages={pages} withCluster={clusterId === undefined} />
      )}
      {query.hasNextPage && (
        <div>
          <Button
            size="xs"
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show more
          </Button>
        </div>
      )}
    </Page>
  );
}

type GroupsProps = {
  readonly groups: readonly FindingGroup[];
  readonly pages: readonly FindingPage[];
  readonly withCluster: boolean;
};

function Groups({ groups, pages, withCluster }: GroupsProps) {
  if (groups.length === 0) {
    const isSeen = pages[0]?.asOf !== undefined;
    return (
      <PageState
        title={isSeen ? "No findings" : "Nothing is known yet"}
        icon={<IconShieldCheck size={32} stroke={1.4} />}
      >
        <p>
          {isSeen
            ? "Nothing that is collected looks like a secret in the open."
            : "No operator has listed anything yet."}
        </p>
      </PageState>
    );
  }
  return groups.map(({ kind, findings }) => (
    <Card
      key={kind}
      title={findingTitles[kind]}
      aside={<span className={css["muted"]}>{findings.length}</span>}
      flush
    >
      <table className={css["table"]} aria-label={findingTitles[kind]}>
        <thead>
          <tr>
            <th scope="col">Object</th>
            <th scope="col">Where</th>
            <th scope="col">How it is known, and how to fix it</th>
          </tr>
        </thead>
        <tbody>
          {findings.map((finding) => (
            <FindingRow
              key={`${finding.cluster.id} ${finding.uid} ${finding.location}`}
              finding={finding}
              withCluster={withCluster}
            />
          ))}
        </tbody>
      </table>
    </Card>
  ));
}

type FindingRowProps = { readonly finding: FoundFinding; readonly withCluster: boolean };

function FindingRow({ finding, withCluster }: FindingRowProps) {
  const { cluster, resource, uid, namespace, name, location, evidence, fix } = finding;
  const place = [withCluster ? cluster.name : undefined, namespace, resourceInfo(resource).kind];
  return (
    <tr>
      <td className={css["reason"]}>
        <Link {...paths.object({ clusterId: cluster.id, resource, uid })}>{name}</Link>
        <div className={css["muted"]}>{place.filter((part) => part !== undefined).join(" / ")}</div>
      </td>
      <td className={css["top"]}>
        <code>{location}</code>
      </td>
      <td className={css["top"]}>
        <div className={css["muted"]}>{evidence}</div>
        <div>{fix}</div>
      </td>
    </tr>
  );
}
