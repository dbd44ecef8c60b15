import type { Cluster } from "@obsyk/contract";
import { Button, Skeleton } from "@mantine/core";
import { IconPlus, IconTopologyStar3 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { clustersQuery } from "../api/queries.ts";
import { AsOf } from "../components/AsOf.tsx";
import { clusterWords } from "../components/cluster-words.ts";
import { ErrorState } from "../components/ErrorState.tsx";
import { Page } from "../components/Page.tsx";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { PageState } from "../ui/PageState.tsx";
import { Status } from "../ui/Status.tsx";
import css from "../ui/ui.module.css";

const numbers = new Intl.NumberFormat("en-US");

export function ClustersPage() {
  const { api } = useServices();
  const query = useQuery(clustersQuery(api));
  const register = (
    <Button
      component={Link}
      {...paths.register()}
      size="xs"
      leftSection={<IconPlus size={14} aria-hidden />}
    >
      Register a cluster
    </Button>
  );
  return (
    <Page title="Clusters" aside={register}>
      <div className={css["card"]}>
        {query.isPending ? (
          <TableSkeleton />
        ) : query.data === undefined ? (
          <ErrorState
            what="the clusters"
            error={query.error}
            onRetry={() => void query.refetch()}
          />
        ) : query.data.length === 0 ? (
          <PageState
            title="No cluster yet"
            icon={<IconTopologyStar3 size={32} stroke={1.4} />}
            actions={register}
          >
            <p>
              An operator in each cluster lists and watches it and pushes metadata here. Register
              the first one with its public key: the private key stays with you.
            </p>
          </PageState>
        ) : (
          <ClusterTable clusters={query.data} />
        )}
      </div>
    </Page>
  );
}

function TableSkeleton() {
  return (
    <div className={css["cardBody"]} aria-busy="true" aria-label="Loading">
      {[0, 1, 2].map((line) => (
        <Skeleton key={line} height={20} my={10} />
      ))}
    </div>
  );
}

function ClusterTable({ clusters }: { readonly clusters: readonly Cluster[] }) {
  return (
    <div className={css["scroll"]}>
      <table className={css["table"]}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Kubernetes</th>
            <th scope="col">Operator</th>
            <th scope="col" className={css["number"]}>
              Nodes
            </th>
            <th scope="col" className={css["number"]}>
              Namespaces
            </th>
            <th scope="col" className={css["number"]}>
              Objects
            </th>
            <th scope="col">As of</th>
          </tr>
        </thead>
        <tbody>
          {clusters.map((cluster) => (
            <tr key={cluster.id}>
              <td>
                <Link {...paths.cluster(cluster.id)}>
                  <strong>{cluster.name}</strong>
                </Link>
              </td>
              <td>
                <Status pill {...clusterWords[cluster.state]} />
              </td>
              <td className={css["mono"]}>{cluster.kubernetesVersion ?? "–"}</td>
              <td className={css["mono"]}>{cluster.operatorVersion ?? "–"}</td>
              <td className={css["number"]}>{numbers.format(cluster.nodes)}</td>
              <td className={css["number"]}>{numbers.format(cluster.namespaces)}</td>
              <td className={css["number"]}>{numbers.format(cluster.objects)}</td>
              <td>
                <AsOf time={cluster.asOf} oldest />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
