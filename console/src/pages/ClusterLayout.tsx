import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet } from "@tanstack/react-router";
import { clusterQuery, countsQuery } from "../api/queries.ts";
import { streamTones } from "../components/cluster-words.ts";
import { groupResources, sumByResource } from "../logic/resources.ts";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import css from "./cluster.module.css";

const route = getRouteApi("/shell/clusters/$clusterId");
const numbers = new Intl.NumberFormat("en-US");

/** Navigation of one cluster beside whatever is shown of it. */
export function ClusterLayout() {
  const { clusterId } = route.useParams();
  return (
    <div className={css["layout"]}>
      <nav className={css["nav"]} aria-label="Resources">
        <Link
          {...paths.cluster(clusterId)}
          activeOptions={{ exact: true, includeSearch: false }}
          className={css["navLink"]}
        >
          Overview
        </Link>
        <ResourceLinks clusterId={clusterId} />
      </nav>
      <Outlet />
    </div>
  );
}

function ResourceLinks({ clusterId }: { readonly clusterId: string }) {
  const { api } = useServices();
  const { data, isPending } = useQuery(countsQuery(api, clusterId));
  const cluster = useQuery(clusterQuery(api, clusterId));
  if (isPending) {
    return [0, 1, 2, 3, 4, 5].map((line) => (
      <Skeleton key={line} height={14} my={8} mx={12} w={150} />
    ));
  }
  const sums = sumByResource(data?.items ?? []);
  const streams = cluster.data?.streams ?? [];
  const troubled = new Set(
    streams.filter(({ state }) => streamTones[state] === "bad").map(({ resource }) => resource),
  );
  const known = [...sums.keys(), ...streams.map(({ resource }) => resource)];
  return groupResources(known).map(({ section, resources }) => (
    <div key={section} className={css["navGroup"]} role="group" aria-label={section}>
      <div className={css["navTitle"]} aria-hidden>
        {section}
      </div>
      {resources.map(({ resource, title }) => (
        <Link
          key={resource}
          {...paths.resource(clusterId, resource)}
          activeOptions={{ includeSearch: false }}
          className={css["navLink"]}
        >
          <span className={css["navName"]}>{title}</span>
          {troubled.has(resource) ? (
            <span className={css["navTrouble"]} role="img" aria-label="not fully seen" />
          ) : (
            <span className={css["navCount"]}>{numbers.format(sums.get(resource) ?? 0)}</span>
          )}
        </Link>
      ))}
    </div>
  ));
}
