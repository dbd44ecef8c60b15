import { Select, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import {
  getRouteApi,
  Link,
  Outlet,
  useMatchRoute,
  useNavigate,
  useParams,
} from "@tanstack/react-router";
import { clusterQuery, countsQuery } from "../api/queries.ts";
import { streamTones } from "../components/cluster-words.ts";
import { groupResources, sumByResource, type ResourceGroup } from "../logic/resources.ts";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import css from "./cluster.module.css";

const route = getRouteApi("/shell/clusters/$clusterId");
const numbers = new Intl.NumberFormat("en-US");

type Navigation = {
  readonly groups: readonly ResourceGroup[];
  readonly counts: ReadonlyMap<string, number>;
  /** Resources of which not everything is seen. */
  readonly troubled: ReadonlySet<string>;
};

/** Navigation of one cluster beside whatever is shown of it; above it, as a list to choose from, where there is no room. */
export function ClusterLayout() {
  const { clusterId } = route.useParams();
  const navigation = useNavigation(clusterId);
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
        <Link {...paths.clusterFindings(clusterId)} className={css["navLink"]}>
          Findings
        </Link>
        {navigation === undefined ? (
          [0, 1, 2, 3, 4, 5].map((line) => (
            <Skeleton key={line} height={14} my={8} mx={12} w={150} />
          ))
        ) : (
          <ResourceLinks clusterId={clusterId} navigation={navigation} />
        )}
      </nav>
      <NarrowNavigation clusterId={clusterId} groups={navigation?.groups ?? []} />
      <Outlet />
    </div>
  );
}

/** `undefined` while nothing is known. Resources are those that are counted or have a stream. */
function useNavigation(clusterId: string): Navigation | undefined {
  const { api } = useServices();
  const { data, isPending } = useQuery(countsQuery(api, clusterId));
  const cluster = useQuery(clusterQuery(api, clusterId));
  if (isPending) return undefined;
  const counts = sumByResource(data?.items ?? []);
  const streams = cluster.data?.streams ?? [];
  const troubled = streams.filter(({ state }) => streamTones[state] === "bad");
  return {
    groups: groupResources([...counts.keys(), ...streams.map(({ resource }) => resource)]),
    counts,
    troubled: new Set(troubled.map(({ resource }) => resource)),
  };
}

type ResourceLinksProps = { readonly clusterId: string; readonly navigation: Navigation };

function ResourceLinks({ clusterId, navigation }: ResourceLinksProps) {
  const { groups, counts, troubled } = navigation;
  return groups.map(({ section, resources }) => (
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
            <span className={css["navCount"]}>{numbers.format(counts.get(resource) ?? 0)}</span>
          )}
        </Link>
      ))}
    </div>
  ));
}

/** In the place of a resource, which never has such a name. */
const overview = "overview";
const findings = "findings";

type NarrowNavigationProps = {
  readonly clusterId: string;
  readonly groups: readonly ResourceGroup[];
};

function NarrowNavigation({ clusterId, groups }: NarrowNavigationProps) {
  const navigate = useNavigate();
  const { resource } = useParams({ strict: false });
  const isFindings = useMatchRoute()(paths.clusterFindings(clusterId)) !== false;
  return (
    <nav className={css["narrowNav"]} aria-label="Resources, to choose from">
      <Select
        aria-label="Resource"
        size="xs"
        searchable
        allowDeselect={false}
        value={resource ?? (isFindings ? findings : overview)}
        data={[
          { value: overview, label: "Overview" },
          { value: findings, label: "Findings" },
          ...groups.map(({ section, resources }) => ({
            group: section,
            items: resources.map((info) => ({ value: info.resource, label: info.title })),
          })),
        ]}
        onChange={(chosen) => {
          if (chosen === null) return;
          if (chosen === overview) void navigate(paths.cluster(clusterId));
          else if (chosen === findings) void navigate(paths.clusterFindings(clusterId));
          else void navigate(paths.resource(clusterId, chosen));
        }}
      />
    </nav>
  );
}
