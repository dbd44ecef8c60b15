import { keptAnnotations, keptFields, neverOf } from "../logic/collected.ts";
import { resourceInfo } from "../logic/resources.ts";
import { Card } from "../ui/Card.tsx";
import { KeptFields } from "./KeptFields.tsx";
import css from "../ui/ui.module.css";

/** What no record of this kind can hold and why, and all that it can. */
export function NeverCollected({ resource }: { readonly resource: string }) {
  const { kind } = resourceInfo(resource);
  const kept = keptFields(resource);
  return (
    <div className={css["stack"]}>
      <Card title="What is never collected here, and why" flush>
        <table className={css["table"]} aria-label="Never collected">
          <tbody>
            {neverOf(resource).map(({ fields, why }) => (
              <tr key={fields.join()}>
                <td className={css["mono"]}>
                  {fields.map((field) => (
                    <div key={field}>{field}</div>
                  ))}
                </td>
                <td>{why}</td>
              </tr>
            ))}
            <tr>
              <td className={css["mono"]}>metadata.annotations[]</td>
              <td>
                Other tools copy whole objects into annotations. {keptAnnotations.length} keys are
                kept, each a name, a flag or a number; every other one is stepped over unread.
              </td>
            </tr>
            <tr>
              <td>Everything else</td>
              <td>
                The operator has a list of the fields it reads. Whatever is not on it, fields of
                future versions too, is skipped as bytes.
              </td>
            </tr>
          </tbody>
        </table>
      </Card>
      {kept.length > 0 && (
        <Card title={`All ${kept.length} fields of a ${kind} that are kept, and why`} flush>
          <KeptFields resource={resource} />
        </Card>
      )}
    </div>
  );
}
