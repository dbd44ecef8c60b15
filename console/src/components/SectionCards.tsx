import { Link } from "@tanstack/react-router";
import type { Section, Value } from "@obsyk/contract/summary";
import { paths } from "../paths.ts";
import { Card } from "../ui/Card.tsx";
import { Facts } from "../ui/Facts.tsx";
import { Status } from "../ui/Status.tsx";
import css from "../ui/ui.module.css";

type SectionCardsProps = { readonly clusterId: string; readonly sections: readonly Section[] };

/** The sections of an object's page: facts beside each other, tables below. */
export function SectionCards({ clusterId, sections }: SectionCardsProps) {
  return sections.map((section) =>
    section.kind === "facts" ? (
      <Card key={section.title} title={section.title}>
        <Facts
          facts={section.facts.map(([term, value]) => [
            term,
            <ShownValue key={term} clusterId={clusterId} value={value} />,
          ])}
        />
      </Card>
    ) : (
      <Card key={section.title} title={section.title} flush>
        <table className={css["table"]} aria-label={section.title}>
          <thead>
            <tr>
              {section.headers.map((header) => (
                <th key={header} scope="col">
                  {header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {section.rows.map((row, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- rows of a list in a record have no other identity
              <tr key={index}>
                {row.map((value, column) => (
                  <td key={section.headers[column]}>
                    <ShownValue clusterId={clusterId} value={value} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
    ),
  );
}

function ShownValue({ clusterId, value }: { readonly clusterId: string; readonly value: Value }) {
  const { text, tone, mono, target } = value;
  if (target !== undefined) return <Link {...paths.named(clusterId, target)}>{text}</Link>;
  if (tone !== undefined) return <Status text={text} tone={tone} />;
  return <span className={mono && css["mono"]}>{text}</span>;
}
