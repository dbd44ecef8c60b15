import { Skeleton } from "@mantine/core";
import { parseStream, type ClusterStream } from "@obsyk/contract";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { clusterQuery } from "../api/queries.ts";
import { ErrorState } from "../components/ErrorState.tsx";
import { KeptFields } from "../components/KeptFields.tsx";
import { Page } from "../components/Page.tsx";
import { keptFields } from "../logic/collected.ts";
import { resourceInfo } from "../logic/resources.ts";
import { useServices } from "../services.ts";
import css from "../ui/ui.module.css";
import { Card } from "../ui/Card.tsx";

const route = getRouteApi("/shell/clusters/$clusterId/collected");

/** The manifest of one cluster: every field that can leave it, by resource, with the reason. */
export function CollectedPage() {
  const { clusterId } = route.useParams();
  const { api } = useServices();
  const query = useQuery(clusterQuery(api, clusterId));
  return (
    <Page title="What is collected">
      {query.isPending ? (
        <Skeleton height={280} />
      ) : query.data === undefined ? (
        <ErrorState what="the cluster" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <>
          <p className={css["muted"]}>
            The operator of {query.data.name} reads these resources, and of each exactly the fields
            below. Whatever is not listed is stepped over as bytes and leaves the cluster in no
            form.
          </p>
          {scopesOf(query.data.streams).map(({ resource, mode }) => (
            <Card key={`${resource} ${mode}`} title={resourceInfo(resource).title} flush>
              <details className={css["details"]}>
                <summary>
                  {keptFields(resource, mode).length} fields, mode <code>{mode}</code>
                </summary>
                <KeptFields resource={resource} mode={mode} />
              </details>
            </Card>
          ))}
        </>
      )}
    </Page>
  );
}

/** Each pair of resource and mode once: a stream may be of one namespace. */
function scopesOf(streams: readonly ClusterStream[]) {
  const scopes = streams.flatMap(({ stream }) => parseStream(stream) ?? []);
  return [...new Map(scopes.map((one) => [`${one.resource} ${one.mode}`, one])).values()];
}
