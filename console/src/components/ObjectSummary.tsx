import type { ObjectDetail } from "@obsyk/contract";
import { Link } from "@tanstack/react-router";
import { columnsOf, formatAge, labelsAt, textAt, truncatedPaths } from "@obsyk/contract/printer";
import { resourceInfo } from "../logic/resources.ts";
import { sectionsOf, type Section } from "@obsyk/contract/summary";
import { paths } from "../paths.ts";
import { Card } from "../ui/Card.tsx";
import { Facts, type Fact } from "../ui/Facts.tsx";
import { Labels } from "../ui/Labels.tsx";
import { Status } from "../ui/Status.tsx";
import css from "../ui/ui.module.css";
import layout from "../pages/cluster.module.css";
import { Relations } from "./Relations.tsx";
import { SectionCards } from "./SectionCards.tsx";
import { useNow } from "./use-now.ts";

type ObjectSummaryProps = { readonly clusterId: string; readonly object: ObjectDetail };

/** Columns whose cells stand in a section of their own. */
const saidElsewhere = new Set(["AGE", "CREATED AT", "CONTAINERS", "IMAGES", "SELECTOR"]);

export function ObjectSummary({ clusterId, object }: ObjectSummaryProps) {
  const now = useNow(1000);
  const { record } = object;
  // An empty record would be described as if it said something.
  const isStored = object.stub === undefined;
  const columns = columnsOf(object.resource).filter(
    ({ id, own }) => isStored && own !== true && !saidElsewhere.has(id),
  );
  const sections = isStored ? sectionsOf(object) : [];
  const isFacts = (section: Section): boolean => section.kind === "facts";
  const cut = truncatedPaths(record);
  return (
    <div className={layout["stack"]}>
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
        <SectionCards clusterId={clusterId} sections={sections.filter(isFacts)} />
        {isStored && (
          <Card title="Labels">
            <Labels labels={labelsAt(record, "metadata", "labels")} />
          </Card>
        )}
      </div>
      <SectionCards
        clusterId={clusterId}
        sections={sections.filter((section) => !isFacts(section))}
      />
      <div className={layout["columns"]}>
        <Relations clusterId={clusterId} object={object} />
        <Managers object={object} nowMs={now} />
        {cut.length > 0 && (
          <Card title="Cut while reading">
            <p>These fields were longer than what is kept: {cut.join(", ")}</p>
          </Card>
        )}
      </div>
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
    ["UID", <code key="uid">{object.uid}</code>],
    ["Resource version", <code key="version">{object.resourceVersion}</code>],
    ["Seen", object.seenAt],
    ["Received", object.receivedAt],
  ];
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
