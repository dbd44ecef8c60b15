import { Select, TextInput } from "@mantine/core";
import { useDebouncedCallback, useHotkeys } from "@mantine/hooks";
import { limits, type Counts } from "@obsyk/contract";
import { IconSearch, IconTag } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useLocation, useNavigate, useRouter } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { clusterQuery, countsQuery, tableQuery } from "../api/queries.ts";
import { AsOf } from "../components/AsOf.tsx";
import { BlindBanner } from "../components/BlindBanner.tsx";
import { EmptyState } from "../components/EmptyState.tsx";
import { ErrorState } from "../components/ErrorState.tsx";
import { ObjectTable } from "../components/ObjectTable.tsx";
import { usePageTitle } from "../components/Page.tsx";
import { resourceInfo, sumByNamespace } from "../logic/resources.ts";
import { paths, type TableSearch } from "../paths.ts";
import { useServices } from "../services.ts";
import css from "./cluster.module.css";

const route = getRouteApi("/shell/clusters/$clusterId/$resource");
const numbers = new Intl.NumberFormat("en-US");
const typingMs = 250;

export function ResourcePage() {
  const { clusterId, resource } = route.useParams();
  const search = route.useSearch();
  const { api } = useServices();
  const info = resourceInfo(resource);
  usePageTitle(info.title);
  const cluster = useQuery(clusterQuery(api, clusterId));
  const counts = useQuery(countsQuery(api, clusterId));
  const navigate = useNavigate();
  const [cleared, setCleared] = useState(0);
  const query = useInfiniteQuery(tableQuery(api, { clusterId, resource }, search));
  const objects = useMemo(
    () => query.data?.pages.flatMap((page) => page.items) ?? [],
    [query.data],
  );
  const first = query.data?.pages[0];
  const isSearch = search.name !== undefined || search.labels !== undefined;
  const total = isSearch ? undefined : countOf(counts.data?.items, resource, search.namespace);
  return (
    <main id="content" className={css["browse"]} tabIndex={-1}>
      <h1>{info.title}</h1>
      <Filters key={`${resource} ${cleared}`} namespaced={info.namespaced} />
      <BlindBanner blind={first?.blind ?? []} />
      {query.error !== null && first === undefined ? (
        <ErrorState what={info.title} error={query.error} onRetry={() => void query.refetch()} />
      ) : first !== undefined && objects.length === 0 ? (
        <EmptyState
          resource={resource}
          streams={cluster.data?.streams}
          isFiltered={Object.keys(search).length > 0}
          onClear={() => {
            setCleared(cleared + 1);
            void navigate({ ...paths.resource(clusterId, resource), replace: true });
          }}
        />
      ) : (
        <>
          <ObjectTable
            clusterId={clusterId}
            resource={resource}
            withNamespace={info.namespaced && search.namespace === undefined}
            objects={objects}
            isPending={query.isPending}
            onEnd={() => {
              if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
            }}
          />
          <div className={css["foot"]}>
            <span>
              {shownText(objects.length, query.hasNextPage, total)}
              {query.isError ? " – the last refresh failed, trying again" : ""}
            </span>
            <AsOf time={first?.asOf} />
          </div>
        </>
      )}
    </main>
  );
}

function shownText(shown: number, hasMore: boolean, total: number | undefined): string {
  if (!hasMore) return numbers.format(shown);
  const of = total === undefined ? "" : ` of ${numbers.format(Math.max(total, shown))}`;
  return `${numbers.format(shown)}${of} shown, more as you scroll`;
}

function countOf(
  items: Counts["items"] | undefined,
  resource: string,
  namespace: string | undefined,
): number | undefined {
  const own = items?.filter(
    (item) =>
      item.resource === resource && (namespace === undefined || item.namespace === namespace),
  );
  return own?.reduce((sum, { count }) => sum + count, 0);
}

function Filters({ namespaced }: { readonly namespaced: boolean }) {
  const { clusterId, resource } = route.useParams();
  const search = route.useSearch();
  const { api } = useServices();
  const router = useRouter();
  const { data } = useQuery(countsQuery(api, clusterId));
  const [name, setName] = useState(search.name ?? "");
  const [labels, setLabels] = useState(search.labels ?? "");
  const nameInput = useRef<HTMLInputElement>(null);
  useHotkeys([["/", () => nameInput.current?.focus()]]);
  const apply = (change: TableSearch): void => {
    void router.navigate({
      ...paths.resource(clusterId, resource, { ...search, ...change }),
      replace: true,
    });
  };
  const applySoon = useDebouncedCallback((change: TableSearch, pathname: string) => {
    // Whoever typed may have left for another page within this time.
    if (router.latestLocation.pathname === pathname) apply(change);
  }, typingMs);
  const here = useLocation({ select: ({ pathname }) => pathname });
  const tooShort = name !== "" && name.length < limits.searchChars;
  return (
    <search className={css["filters"]}>
      {namespaced && (
        <Select
          aria-label="Namespace"
          placeholder="All namespaces"
          size="xs"
          w={220}
          clearable
          searchable
          data={sumByNamespace(data?.items ?? []).map(([namespace]) => namespace)}
          value={search.namespace ?? null}
          onChange={(namespace) => {
            apply({ namespace: namespace ?? undefined });
          }}
        />
      )}
      <TextInput
        ref={nameInput}
        aria-label="Filter by name"
        placeholder="Name contains…  ( / )"
        size="xs"
        w={240}
        leftSection={<IconSearch size={14} aria-hidden />}
        value={name}
        error={tooShort ? `At least ${limits.searchChars} characters` : undefined}
        onChange={(event) => {
          setName(event.currentTarget.value);
          applySoon({ name: event.currentTarget.value, labels }, here);
        }}
      />
      <TextInput
        aria-label="Label selector"
        placeholder="Labels, e.g. app=api,tier!=db"
        size="xs"
        w={260}
        leftSection={<IconTag size={14} aria-hidden />}
        value={labels}
        onChange={(event) => {
          setLabels(event.currentTarget.value);
          applySoon({ name, labels: event.currentTarget.value }, here);
        }}
      />
    </search>
  );
}
