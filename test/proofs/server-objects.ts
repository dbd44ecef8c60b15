/** What the API server has of every resource that is read by itself, by identity alone. */
import { resources } from "@obsyk/contract/allow-list";
import type { ControlPlane } from "@obsyk/testkit";

export type ServerObject = {
  readonly resource: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
};

const read = resources.filter(({ defaultOn }) => defaultOn);

export async function readServer(plane: ControlPlane): Promise<readonly ServerObject[]> {
  const lists = await Promise.all(
    read.map(async ({ resource, group, version, plural }) => {
      const path = `${group === "" ? "/api" : `/apis/${group}`}/${version}/${plural}`;
      const list = (await plane.admin.json({ path })) as {
        readonly items: readonly {
          readonly metadata: Omit<ServerObject, "resource" | "namespace"> & {
            readonly namespace?: string;
          };
        }[];
      };
      return list.items.map(({ metadata }) => ({
        resource,
        uid: metadata.uid,
        namespace: metadata.namespace ?? "",
        name: metadata.name,
        resourceVersion: metadata.resourceVersion,
      }));
    }),
  );
  return lists.flat();
}
