import { apiVersionOf, resources } from "@obsyk/contract/allow-list";
import type { Command } from "commander";
import type { Host } from "../host.ts";
import { renderTable } from "../print/table.ts";
import { shortNames } from "../resources/names.ts";

export function addResourcesCommand(program: Command, host: Host): void {
  program
    .command("api-resources")
    .description("list the resources that are collected, with their short names")
    .option("--no-headers", "no line of headings")
    .action(({ headers }: { readonly headers: boolean }) => {
      const rows = resources.map((one) =>
        [
          one.plural,
          (shortNames[one.plural] ?? []).join(","),
          apiVersionOf(one),
          String(one.namespaced),
          one.kind,
        ].map((text) => ({ text })),
      );
      const header = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
      host.out.write(renderTable({ header, rows }, { colour: false, headers }));
    });
}
