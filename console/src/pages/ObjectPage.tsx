import { Skeleton, Tabs } from "@mantine/core";
import type { ObjectDetail } from "@obsyk/contract";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { clusterQuery, objectQuery } from "../api/queries.ts";
import { AsOf } from "../components/AsOf.tsx";
import { BlindBanner } from "../components/BlindBanner.tsx";
import { clockText } from "../components/clock-text.ts";
import { ErrorState } from "../components/ErrorState.tsx";
import { ObjectSummary } from "../components/ObjectSummary.tsx";
import { Page } from "../components/Page.tsx";
import { useNow } from "../components/use-now.ts";
import { statusOf } from "@obsyk/contract/printer";
import { resourceInfo } from "../logic/resources.ts";
import { stubNotice } from "../logic/stub-notice.ts";
import { paths, type ObjectTab } from "../paths.ts";
import { useServices } from "../services.ts";
import { Status } from "../ui/Status.tsx";
import layout from "./cluster.module.css";

// Editor and allow-list are large, and most visits look at the summary alone.
const YamlCard = lazy(async () => {
  const { YamlCard: component } = await import("../components/YamlCard.tsx");
  return { default: component };
});
const Findings = lazy(async () => {
  const { Findings: component } = await import("../components/Findings.tsx");
  return { default: component };
});
const NeverCollected = lazy(async () => {
  const { NeverCollected: component } = await import("../components/NeverCollected.tsx");
  return { default: component };
});

const route = getRouteApi("/shell/clusters/$clusterId/$resource/$uid");

export function ObjectPage() {
  const at = route.useParams();
  const { api } = useServices();
  const query = useQuery(objectQuery(api, at));
  const { kind } = resourceInfo(at.resource);
  if (query.isPending) {
    return (
      <Page title={kind} heading={<Skeleton height={24} width={260} />}>
        <Skeleton height={280} />
      </Page>
    );
  }
  if (query.data === undefined) {
    return (
      <Page title={kind}>
        <ErrorState what={`the ${kind}`} error={query.error} onRetry={() => void query.refetch()} />
      </Page>
    );
  }
  return <ObjectView object={query.data} />;
}

function ObjectView({ object }: { readonly object: ObjectDetail }) {
  const at = route.useParams();
  const { tab = "summary" } = route.useSearch();
  const navigate = useNavigate();
  const now = useNow(5000);
  const { kind } = resourceInfo(object.resource);
  const stub = stubNotice(object);
  const status = stub === undefined ? statusOf(object, now) : undefined;
  const heading = (
    <>
      <h1>{object.name}</h1>
      {status !== undefined && <Status pill {...status} />}
    </>
  );
  const select = (value: string | null): void => {
    void navigate({ ...paths.object(at, value as ObjectTab), replace: true });
  };
  return (
    <Page title={`${kind} ${object.name}`} heading={heading} aside={<AsOf time={object.asOf} />}>
      <Crumbs object={object} />
      <BlindBanner blind={object.blind} />
      {stub !== undefined && (
        <p role="status" className={layout["notice"]}>
          {stub}
        </p>
      )}
      {object.notCollectedSince !== undefined && (
        <p role="status" className={layout["notice"]}>
          Not collected since {clockText(Date.parse(object.notCollectedSince), now)}: it left the
          scope of what the operator reads. This is how it was then; it may still exist.
        </p>
      )}
      <Suspense fallback={null}>
        <Findings object={object} />
      </Suspense>
      <Tabs value={tab} onChange={select} keepMounted={false}>
        <Tabs.List aria-label="Views of this object" mb="md">
          <Tabs.Tab value="summary">Summary</Tabs.Tab>
          <Tabs.Tab value="yaml">YAML</Tabs.Tab>
          <Tabs.Tab value="collected">What is never collected</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="summary">
          <ObjectSummary clusterId={at.clusterId} object={object} />
        </Tabs.Panel>
        <Tabs.Panel value="yaml">
          <Suspense fallback={<Skeleton height={280} />}>
            <YamlCard object={object} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="collected">
          <Suspense fallback={<Skeleton height={280} />}>
            <NeverCollected resource={object.resource} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Crumbs({ object }: { readonly object: ObjectDetail }) {
  const { clusterId } = route.useParams();
  const { api } = useServices();
  const { data } = useQuery(clusterQuery(api, clusterId));
  const { namespace, resource } = object;
  return (
    <nav aria-label="Breadcrumbs" className={layout["crumbs"]}>
      <Link {...paths.cluster(clusterId)}>{data?.name ?? object.cluster.name}</Link>
      {namespace !== undefined && (
        <>
          <span aria-hidden>/</span>
          <Link {...paths.cluster(clusterId, namespace)}>{namespace}</Link>
        </>
      )}
      <span aria-hidden>/</span>
      <Link {...paths.resource(clusterId, resource, { namespace })}>
        {resourceInfo(resource).title}
      </Link>
    </nav>
  );
}
