import type { ObjectDetail } from "@obsyk/contract";
import { IconAlertTriangle } from "@tabler/icons-react";
import { recordFindings } from "../logic/record-findings.ts";
import css from "../ui/ui.module.css";

/** Where something secret seems to stand in the open in this object: by location, never by content. */
export function Findings({ object }: { readonly object: ObjectDetail }) {
  const findings = recordFindings(object.resource, object.record);
  if (findings.length === 0) return null;
  return (
    <section className={css["findings"]} aria-label="Findings">
      <h2>
        <IconAlertTriangle size={16} aria-hidden /> Something secret seems to be in the open here
      </h2>
      <ul>
        {findings.map(({ location, evidence, fix }) => (
          <li key={location}>
            <code>{location}</code>
            <p>{evidence}</p>
            <p>
              <strong>How to fix it:</strong> {fix}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
