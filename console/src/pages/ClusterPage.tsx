import { Skeleton } from "@mantine/core";
import type { ClusterDetail, ClusterStream, Counts } from "@obsyk/contract";
import { formatAge } from "@obsyk/contract/printer";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { clusterQuery, countsQuery } from "../api/queries.ts";
import { AsOf } from "../components/AsOf.tsx";
import { BlindBanner } from "../components/BlindBanner.tsx";
import { clusterWords, streamTones } from "../components/cluster-words.ts";
import { ErrorState } from "../components/ErrorState.tsx";
import { Page } from "../components/Page.tsx";
import { useNow } from "../components/use-now.ts";
import { clusterFacts, scopeText } from "../logic/cluster-facts.ts";
import { groupResources, resourceInfo, sumByNamespace, sumByResource } from "../logic/resources.ts";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { Card } from "../ui/Card.tsx";
import { Facts, type Fact } from "../ui/Facts.tsx";
import { Status } from "../ui/Status.tsx";
import css from "../ui/ui.module.css";
import layout from "./cluster.module.css";

const route = getRouteApi("/shell/clusters/$clusterId/");
const numbers = new Intl.NumberFormat("en-US");

export function ClusterPage() {
  const { clusterId } = route.useParams();
  const { namespace } = route.useSearch();
  const { api } = useServices();
  const query = useQuery(clusterQuery(api, clusterId));
  const counts = useQuery(countsQuery(api, clusterId));
  if (query.isPending) {
    return (
      <Page title="Cluster" heading={<Skeleton height={24} width={220} />}>
        <Skeleton height={180} />
      </Page>
    );
  }
  if (query.data === undefined) {
    return (
      <Page title="Cluster">
        <ErrorState what="the cluster" error={query.error} onRetry={() => void query.refetch()} />
      </Page>
    );
  }
  const cluster = query.data;
  const items = counts.data?.items ?? [];
  const title = namespace === undefined ? cluster.name : `Namespace ${namespace}`;
  const heading = (
    <>
      <h1>{title}</h1>
      {namespace === undefined && <Status pill {...clusterWords[cluster.state]} />}
    </>
  );
  return (
    <Page title={title} heading={heading} aside={<AsOf time={cluster.asOf} oldest />}>
      {cluster.state === "pending" && <NotConnected clusterId={clusterId} />}
      <BlindBanner blind={cluster.blind} ofCluster />
      {namespace === undefined ? (
        <>
          <div className={layout["columns"]}>
            <Identity cluster={cluster} />
            <Namespaces clusterId={clusterId} items={items} />
          </div>
          <Streams clusterId={clusterId} streams={cluster.streams} />
        </>
      ) : (
        <NamespaceResources clusterId={clusterId} namespace={namespace} items={items} />
      )}
    </Page>
  );
}

function NotConnected({ clusterId }: { readonly clusterId: string }) {
  return (
    <Card title="Not connected yet">
      <p>
        The operator of this cluster has not connected.{" "}
        <Link {...paths.connect(clusterId)}>See the commands that start it</Link>
      </p>
    </Card>
  );
}

function Identity({ cluster }: { readonly cluster: ClusterDetail }) {
  return (
    <div className={layout["stack"]}>
      <Card title="Cluster">
        <Facts
          facts={[
            ...clusterFacts(cluster).map(({ term, text, evidence }): Fact => [
              term,
              evidence === undefined ? (
                text
              ) : (
                <>
                  {text} <span className={css["muted"]}>({evidence})</span>
                </>
              ),
            ]),
            ["Objects", numbers.format(cluster.objects)],
            ["Cluster UID", <code key="uid">{cluster.uid ?? "not connected yet"}</code>],
          ]}
        />
      </Card>
      <Operator cluster={cluster} />
    </div>
  );
}

function Operator({ cluster }: { readonly cluster: ClusterDetail }) {
  const reads = scopeText(cluster);
  const now = useNow(1000);
  return (
    <Card title="Operator">
      <Facts
        facts={[
          ["Version", cluster.operatorVersion ?? "–"],
          [
            "Last seen",
            cluster.lastSeen === undefined ? "–" : `${formatAge(cluster.lastSeen, now)} ago`,
          ],
          ...(reads === undefined ? [] : [["Reads", reads] satisfies Fact]),
          [
            "Manifest",
            <span key="manifest">
              <Link {...paths.collected(cluster.id)}>Every field that can leave the cluster</Link>
              {cluster.manifestDigest !== undefined && (
                <div>
                  <code>{cluster.manifestDigest}</code>
                </div>
              )}
            </span>,
          ],
          ["Client ID", <code key="client">{cluster.clientId}</code>],
          ["Key thumbprint", <code key="thumbprint">{cluster.thumbprint}</code>],
        ]}
      />
    </Card>
  );
}

type CountsProps = { readonly clusterId: string; readonly items: Counts["items"] };

function Namespaces({ clusterId, items }: CountsProps) {
  const namespaces = sumByNamespace(items);
  return (
    <Card title="Namespaces" aside={<span>{numbers.format(namespaces.length)}</span>} flush>
      <div className={layout["namespaces"]} tabIndex={0} role="region" aria-label="All namespaces">
        <table className={css["table"]} aria-label="Namespaces">
          <tbody>
            {namespaces.map(([namespace, count]) => (
              <tr key={namespace}>
                <td>
                  <Link {...paths.cluster(clusterId, namespace)}>{namespace}</Link>
                </td>
                <td className={css["number"]}>{numbers.format(count)} objects</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function NamespaceResources({
  clusterId,
  namespace,
  items,
}: CountsProps & { readonly namespace: string }) {
  const sums = sumByResource(items.filter((item) => item.namespace === namespace));
  const resources = groupResources(sums.keys()).flatMap((group) => group.resources);
  return (
    <Card title="Resources" flush>
      <table className={css["table"]} aria-label={`Resources in ${namespace}`}>
        <tbody>
          {resources.map(({ resource, title }) => (
            <tr key={resource}>
              <td>
                <Link {...paths.resource(clusterId, resource, { namespace })}>{title}</Link>
              </td>
              <td className={css["number"]}>{numbers.format(sums.get(resource) ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

type StreamsProps = { readonly clusterId: string; readonly streams: readonly ClusterStream[] };

function Streams({ clusterId, streams }: StreamsProps) {
  return (
    <Card title="Streams" flush>
      <table className={css["table"]} aria-label="Streams">
        <thead>
          <tr>
            <th scope="col">Resource</th>
            <th scope="col">State</th>
            <th scope="col" className={css["number"]}>
              Objects
            </th>
            <th scope="col">As of</th>
            <th scope="col">Stream</th>
          </tr>
        </thead>
        <tbody>
          {streams.map((stream) => (
            <tr key={stream.stream}>
              <td>
                <Link {...paths.resource(clusterId, stream.resource)}>
                  {resourceInfo(stream.resource).title}
                </Link>
              </td>
              <td>
                <Status text={stream.state} tone={streamTones[stream.state]} />
                {stream.detail !== undefined && <div className={css["muted"]}>{stream.detail}</div>}
              </td>
              <td className={css["number"]}>
                {numbers.format(stream.objects)}
                {stream.notCollected > 0 && (
                  <div className={css["muted"]}>
                    {numbers.format(stream.notCollected)} not collected any more
                  </div>
                )}
              </td>
              <td>
                <AsOf time={stream.asOf} />
              </td>
              <td className={css["mono"]}>{stream.stream}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
