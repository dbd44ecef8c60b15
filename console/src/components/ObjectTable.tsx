import { Skeleton } from "@mantine/core";
import type { InventoryObject } from "@obsyk/contract";
import { createColumnHelper, tableFeatures, useTable } from "@tanstack/react-table";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { columnWidths } from "../logic/column-width.ts";
import { columnsOf, nameText, type Cell } from "@obsyk/contract/printer";
import css from "../pages/cluster.module.css";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { Status } from "../ui/Status.tsx";
import { useNow } from "./use-now.ts";

type ObjectTableProps = {
  readonly clusterId: string;
  readonly resource: string;
  readonly withNamespace: boolean;
  readonly objects: readonly InventoryObject[];
  readonly isPending: boolean;
  /** The last rows came into view. */
  readonly onEnd: () => void;
};

const rowPx = 34;
const features = tableFeatures({});
const helper = createColumnHelper<typeof features, InventoryObject>();

function useColumns({ resource, withNamespace }: { resource: string; withNamespace: boolean }) {
  return useMemo(() => {
    const own = columnsOf(resource);
    const columns = helper.columns([
      helper.accessor((object) => object.name, { id: "NAME", header: "NAME" }),
      ...(withNamespace
        ? [
            helper.accessor((object) => object.namespace ?? "", {
              id: "NAMESPACE",
              header: "NAMESPACE",
            }),
          ]
        : []),
      ...own.map((column) => helper.display({ id: column.id, header: column.header })),
    ]);
    const shown = new Map(own.map((column) => [column.id, column]));
    return { columns, shown };
  }, [resource, withNamespace]);
}

/** Pixels that a text takes in the font of the table. */
function createMeasure(): (text: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  const { fontSize, fontFamily } = getComputedStyle(document.body);
  if (context === null) return (text) => text.length * Number.parseFloat(fontSize);
  context.font = `500 ${fontSize} ${fontFamily}`;
  return (text) => context.measureText(text).width;
}

function useWidths({ resource, withNamespace, objects }: ObjectTableProps) {
  const { clock } = useServices();
  const [measure] = useState(createMeasure);
  return useMemo(
    () =>
      columnWidths({
        columns: columnsOf(resource),
        withNamespace,
        objects,
        nowMs: clock.now(),
        measure,
      }),
    [clock, measure, objects, resource, withNamespace],
  );
}

/** Rows beyond the window exist as space only; the table says how many there are. */
export function ObjectTable(props: ObjectTableProps) {
  const { objects, isPending, onEnd } = props;
  const { columns, shown } = useColumns(props);
  const table = useTable({ features, columns, data: objects });
  const { rows } = table.getRowModel();
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow(1000);
  // oxlint-disable-next-line react/incompatible-library -- concerns the React compiler, which is not used here
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (rows.length > 0 && lastIndex >= rows.length - 20) onEnd();
  }, [lastIndex, rows.length, onEnd]);
  const headers = table.getHeaderGroups().flatMap((group) => group.headers);
  const widths = useWidths(props);
  const minWidth = [...widths.values()].reduce((sum, widthPx) => sum + widthPx, 0);
  return (
    <div ref={scroller} className={css["grid"]} aria-busy={isPending} onKeyDown={moveByRow}>
      <table style={{ minWidth }} aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {headers.map(({ id, column }) => (
              <th
                key={id}
                scope="col"
                className={shown.get(column.id)?.numeric && css["number"]}
                style={{ width: widths.get(column.id) }}
              >
                {column.id}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {isPending && <SkeletonRows columns={headers.length} />}
          <Spacer heightPx={items[0]?.start ?? 0} />
          {items.map(({ index }) => {
            const object = rows[index]?.original;
            if (object === undefined) return null;
            return (
              <tr key={object.uid} aria-rowindex={index + 2}>
                {headers.map(({ column }) => (
                  <ObjectCell
                    key={column.id}
                    object={object}
                    id={column.id}
                    numeric={shown.get(column.id)?.numeric}
                    cell={shown.get(column.id)?.cell(object.record, now)}
                  />
                ))}
              </tr>
            );
          })}
          <Spacer heightPx={virtual.getTotalSize() - (items.at(-1)?.end ?? 0)} />
        </tbody>
      </table>
    </div>
  );
}

type ObjectCellProps = {
  readonly object: InventoryObject;
  readonly id: string;
  readonly numeric: true | undefined;
  readonly cell: Cell | undefined;
};

function ObjectCell({ object, id, numeric, cell }: ObjectCellProps) {
  const at = { clusterId: object.cluster.id, resource: object.resource, uid: object.uid };
  if (id === "NAME") {
    return (
      <th scope="row" className={css["name"]} title={object.name}>
        <Link {...paths.object(at)} data-row-link="">
          {nameText(object)}
        </Link>
      </th>
    );
  }
  if (id === "NAMESPACE") return <td>{object.namespace}</td>;
  return (
    <td className={numeric && css["number"]} title={cell?.text}>
      {cell?.tone === undefined ? cell?.text : <Status text={cell.text} tone={cell.tone} />}
    </td>
  );
}

function Spacer({ heightPx }: { readonly heightPx: number }) {
  if (heightPx <= 0) return null;
  return (
    <tr aria-hidden className={css["spacer"]}>
      <td style={{ height: heightPx }} />
    </tr>
  );
}

function SkeletonRows({ columns }: { readonly columns: number }) {
  return Array.from({ length: 12 }, (_, row) => (
    // oxlint-disable-next-line react/no-array-index-key -- placeholders have no identity and never move
    <tr key={row} aria-hidden>
      <td colSpan={columns}>
        <Skeleton height={12} />
      </td>
    </tr>
  ));
}

/** Up and down go from row to row; Enter opens the object, as it does on any link. */
function moveByRow(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-row-link]")];
  const current = links.findIndex((link) => link === document.activeElement);
  const next = links[current + step];
  if (current === -1 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
