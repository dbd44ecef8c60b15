import type { ObjectDetail } from "@obsyk/contract";
import { Link } from "@tanstack/react-router";
import { formatAge } from "@obsyk/contract/printer";
import { columnsOf, truncatedPaths } from "@obsyk/contract/printer";
import { labelsAt, listAt, textAt } from "@obsyk/contract/printer";
import { resourceInfo, resourceOfKind } from "../logic/resources.ts";
import { paths } from "../paths.ts";
import { Card } from "../ui/Card.tsx";
import { Facts, type Fact } from "../ui/Facts.tsx";
import { Labels } from "../ui/Labels.tsx";
import { Status } from "../ui/Status.tsx";
import css from "../ui/ui.module.css";
import layout from "../pages/cluster.module.css";
import { useNow } from "./use-now.ts";

type ObjectSummaryProps = { readonly clusterId: string; readonly object: ObjectDetail };

export function ObjectSummary({ clusterId, object }: ObjectSummaryProps) {
  const now = useNow(1000);
  const { record } = object;
  const columns = columnsOf(object.resource).filter(({ id }) => id !== "AGE");
  const cut = truncatedPaths(record);
  return (
    <div className={layout["columns"]}>
      <Card title="Object">
        <Facts facts={identity(clusterId, object, now)} />
      </Card>
      {columns.length > 0 && (
        <Card title={resourceInfo(object.resource).kind}>
          <Facts
            facts={columns.map((column): Fact => {
              const { text, tone } = column.cell(record, now);
              return [column.header, tone ? <Status text={text} tone={tone} /> : text];
            })}
          />
        </Card>
      )}
      <Card title="Labels">
        <Labels labels={labelsAt(record, "metadata", "labels")} />
      </Card>
      <Managers object={object} nowMs={now} />
      {cut.length > 0 && (
        <Card title="Cut while reading">
          <p>These fields were longer than what is kept: {cut.join(", ")}</p>
        </Card>
      )}
    </div>
  );
}

function identity(clusterId: string, object: ObjectDetail, nowMs: number): readonly Fact[] {
  const created = textAt(object.record, "metadata", "creationTimestamp");
  const { namespace } = object;
  return [
    ["Name", object.name],
    ...(namespace === undefined
      ? []
      : [
          [
            "Namespace",
            <Link key="namespace" {...paths.cluster(clusterId, namespace)}>
              {namespace}
            </Link>,
          ] satisfies Fact,
        ]),
    ["Created", created === undefined ? "–" : `${created} (${formatAge(created, nowMs)} ago)`],
    ["Owner", <Owners key="owner" clusterId={clusterId} object={object} />],
    ["UID", <code key="uid">{object.uid}</code>],
    ["Resource version", <code key="version">{object.resourceVersion}</code>],
    ["Seen", object.seenAt],
    ["Received", object.receivedAt],
  ];
}

function Owners({ clusterId, object }: ObjectSummaryProps) {
  const owners = listAt(object.record, "metadata", "ownerReferences");
  if (owners.length === 0) return <span className={css["muted"]}>&lt;none&gt;</span>;
  return owners.map((owner) => {
    const kind = textAt(owner, "kind") ?? "";
    const uid = textAt(owner, "uid") ?? "";
    const resource = resourceOfKind(kind, textAt(owner, "apiVersion") ?? "");
    const text = `${kind}/${textAt(owner, "name") ?? ""}`;
    return (
      <div key={uid}>
        {resource === undefined ? (
          text
        ) : (
          <Link {...paths.object({ clusterId, resource, uid })}>{text}</Link>
        )}
      </div>
    );
  });
}

function Managers({ object, nowMs }: { readonly object: ObjectDetail; readonly nowMs: number }) {
  if (object.managers.length === 0) return null;
  return (
    <Card title="Who changed it" flush>
      <table className={css["table"]} aria-label="Field managers">
        <tbody>
          {object.managers.map(({ manager, operation, subresource, time }) => (
            <tr key={`${manager} ${operation} ${subresource ?? ""}`}>
              <td>{manager}</td>
              <td className={css["muted"]}>
                {operation}
                {subresource === undefined ? "" : ` ${subresource}`}
              </td>
              <td className={css["number"]}>{formatAge(time, nowMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
