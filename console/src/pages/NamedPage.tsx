import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import { clusterQuery, namedQuery } from "../api/queries.ts";
import { ErrorState } from "../components/ErrorState.tsx";
import { Page } from "../components/Page.tsx";
import { resourceInfo } from "../logic/resources.ts";
import { whyEmpty } from "../logic/why-empty.ts";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { PageState } from "../ui/PageState.tsx";

const route = getRouteApi("/shell/clusters/$clusterId/$resource/named");

/** An object by its name: leads to the one that bears it now, or says why there is none. */
export function NamedPage() {
  const { clusterId, resource } = route.useParams();
  const { name = "", namespace } = route.useSearch();
  const { api } = useServices();
  const query = useQuery(namedQuery(api, clusterId, { resource, namespace, name }));
  const cluster = useQuery(clusterQuery(api, clusterId));
  const { kind, title } = resourceInfo(resource);
  if (query.data) {
    return <Navigate {...paths.object({ clusterId, resource, uid: query.data.uid })} replace />;
  }
  const why = whyEmpty({ resource, isFiltered: false, streams: cluster.data?.streams });
  return (
    <Page title={`${kind} ${name}`}>
      {query.isPending || cluster.isPending ? (
        <Skeleton height={280} />
      ) : query.error !== null ? (
        <ErrorState what={`the ${kind}`} error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <PageState
          title={`${kind} ${name} is not in the inventory`}
          actions={
            <Link {...paths.resource(clusterId, resource, { namespace })}>
              {title}
              {namespace === undefined ? "" : ` in ${namespace}`}
            </Link>
          }
        >
          <p>
            {why.kind === "none"
              ? "It does not exist, or exists no more: something may still refer to it."
              : `${why.title}. ${why.text}`}
          </p>
        </PageState>
      )}
    </Page>
  );
}
