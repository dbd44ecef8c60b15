import type { Command } from "commander";
import { configPath, readConfig, writeConfig, type Context } from "../config.ts";
import { CliError } from "../errors.ts";
import type { Host } from "../host.ts";
import { findContext } from "../platform/connection.ts";
import { renderTable } from "../print/table.ts";

type SetOptions = { readonly cluster?: string; readonly namespace?: string };

export function addContextCommands(program: Command, host: Host): void {
  const context = program
    .command("context")
    .description("platforms you signed in to, and what you look at there by default");
  context
    .command("list", { isDefault: true })
    .description("list the contexts; the current one is marked")
    .action(() => list(host));
  context
    .command("use")
    .description("make a context the current one")
    .argument("<name>", "one of obsyk context list")
    .action((name: string) => use(host, name));
  context
    .command("set")
    .description("choose what the current context looks at by default; an empty text takes it back")
    .option("-c, --cluster <name>", "cluster")
    .option("-n, --namespace <name>", "namespace")
    .action((options: SetOptions) => set(host, options));
  context
    .command("remove")
    .description("forget a context, and what signs in there")
    .argument("<name>", "one of obsyk context list")
    .action((name: string) => remove(host, name));
}

async function list(host: Host): Promise<void> {
  const { current, contexts } = await readConfig(configPath(host.env));
  const rows = Object.entries(contexts).map(([name, context]) =>
    [
      name === current ? "*" : "",
      name,
      context.server,
      context.credential?.kind ?? "signed out",
      context.cluster ?? "",
      context.namespace ?? "",
    ].map((text) => ({ text })),
  );
  const header = ["CURRENT", "NAME", "SERVER", "CREDENTIAL", "CLUSTER", "NAMESPACE"];
  host.out.write(renderTable({ header, rows }, { colour: false, headers: true }));
}

async function use(host: Host, name: string): Promise<void> {
  const path = configPath(host.env);
  const config = await readConfig(path);
  findContext(config, name);
  await writeConfig(path, { ...config, current: name });
}

async function set(host: Host, options: SetOptions): Promise<void> {
  const path = configPath(host.env);
  const config = await readConfig(path);
  const name = config.current;
  if (name === undefined) throw new CliError("NOT_FOUND", "there is no context: run obsyk login");
  const { cluster, namespace, ...rest } = findContext(config, name);
  const chosen = {
    cluster: options.cluster ?? cluster ?? "",
    namespace: options.namespace ?? namespace ?? "",
  };
  const context: Context = {
    ...rest,
    ...(chosen.cluster === "" ? {} : { cluster: chosen.cluster }),
    ...(chosen.namespace === "" ? {} : { namespace: chosen.namespace }),
  };
  await writeConfig(path, { ...config, contexts: { ...config.contexts, [name]: context } });
}

async function remove(host: Host, name: string): Promise<void> {
  const path = configPath(host.env);
  const { current, contexts } = await readConfig(path);
  findContext({ contexts }, name);
  const left = Object.fromEntries(Object.entries(contexts).filter(([one]) => one !== name));
  await writeConfig(path, {
    ...(current === undefined || current === name ? {} : { current }),
    contexts: left,
  });
}
