import type { Mode } from "@obsyk/contract";
import { keptByReason } from "../logic/collected.ts";
import css from "../ui/ui.module.css";

/** Every field of a kind that is kept, by the reason. */
export function KeptFields({
  resource,
  mode,
}: {
  readonly resource: string;
  readonly mode?: Mode | undefined;
}) {
  return (
    <table className={css["table"]} aria-label={`Kept fields of ${resource}`}>
      <thead>
        <tr>
          <th scope="col">Kept because</th>
          <th scope="col">Fields</th>
        </tr>
      </thead>
      <tbody>
        {keptByReason(resource, mode).map(({ why, fields }) => (
          <tr key={why}>
            <td className={css["reason"]}>{why}</td>
            <td>
              <ul className={css["fields"]}>
                {fields.map((path) => (
                  <li key={path}>{path}</li>
                ))}
              </ul>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
