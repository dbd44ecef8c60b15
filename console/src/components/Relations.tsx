import { Skeleton } from "@mantine/core";
import type { ObjectDetail, Related, RelatedObject, RelationKind } from "@obsyk/contract";
import { statusOf } from "@obsyk/contract/printer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { relatedQuery } from "../api/queries.ts";
import { resourceInfo } from "../logic/resources.ts";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { Card } from "../ui/Card.tsx";
import { Status } from "../ui/Status.tsx";
import css from "../ui/ui.module.css";
import { ErrorState } from "./ErrorState.tsx";
import { useNow } from "./use-now.ts";

const titles: readonly (readonly [RelationKind, string])[] = [
  ["owner", "Owned by"],
  ["owned", "Owns"],
  ["selects", "Selects"],
  ["selectedBy", "Selected by"],
  ["uses", "Uses"],
  ["usedBy", "Used by"],
];

type RelationsProps = { readonly clusterId: string; readonly object: ObjectDetail };

/** What the record and those of others say about how objects hang together. */
export function Relations({ clusterId, object }: RelationsProps) {
  const { api } = useServices();
  const { resource, uid } = object;
  const query = useQuery(relatedQuery(api, { clusterId, resource, uid }));
  if (query.isPending) return <Skeleton height={120} />;
  if (query.data === undefined) {
    return (
      <ErrorState what="what is related" error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  const related = query.data;
  const present = titles.filter(([kind]) =>
    related.items.some(({ relation }) => relation === kind),
  );
  if (present.length === 0) {
    return (
      <Card title="Related objects">
        <p className={css["muted"]}>No other collected object speaks of this one.</p>
      </Card>
    );
  }
  return present.map(([kind, title]) => (
    <RelationCard key={kind} clusterId={clusterId} title={title} kind={kind} related={related} />
  ));
}

type RelationCardProps = {
  readonly clusterId: string;
  readonly title: string;
  readonly kind: RelationKind;
  readonly related: Related;
};

function RelationCard({ clusterId, title, kind, related }: RelationCardProps) {
  const items = related.items.filter(({ relation }) => relation === kind);
  const more = related.more.filter(({ relation }) => relation === kind);
  return (
    <Card title={title} aside={<span className={css["muted"]}>{items.length}</span>} flush>
      <table className={css["table"]} aria-label={title}>
        <tbody>
          {items.map((item) => (
            <RelatedRow
              key={`${item.resource} ${item.namespace ?? ""} ${item.name} ${item.via}`}
              clusterId={clusterId}
              item={item}
            />
          ))}
        </tbody>
      </table>
      {more.length > 0 && (
        <p className={css["note"]}>
          There are more {more.map(({ resource }) => resourceInfo(resource).title).join(" and ")}{" "}
          than are shown.
        </p>
      )}
    </Card>
  );
}

function RelatedRow({
  clusterId,
  item,
}: {
  readonly clusterId: string;
  readonly item: RelatedObject;
}) {
  const now = useNow(5000);
  const { resource, uid, name, namespace, via, record } = item;
  const status = record === undefined ? undefined : statusOf({ resource, record }, now);
  return (
    <tr>
      <td className={css["kind"]}>{resourceInfo(resource).kind}</td>
      <td>
        {uid === undefined ? (
          <Link {...paths.named(clusterId, { resource, namespace, name })}>{name}</Link>
        ) : (
          <Link {...paths.object({ clusterId, resource, uid })}>{name}</Link>
        )}
        {via !== "" && item.relation !== "owner" && <div className={css["muted"]}>{via}</div>}
      </td>
      <td>
        {uid === undefined ? (
          <Status text="not in the inventory" tone="warn" />
        ) : (
          status !== undefined && <Status {...status} />
        )}
      </td>
    </tr>
  );
}
