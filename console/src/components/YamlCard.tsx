import type { ObjectDetail } from "@obsyk/contract";
import { recordYaml } from "../logic/record-yaml.ts";
import { Card } from "../ui/Card.tsx";
import { YamlView } from "./YamlView.tsx";

export function YamlCard({ object }: { readonly object: ObjectDetail }) {
  return (
    <Card title="Collected record" flush>
      <YamlView text={recordYaml(object.resource, object.record)} />
    </Card>
  );
}
