/**
 * Shells as a person has them before a line that is not finished: each loads the script that `obsyk completion` prints
 * and says what it would offer.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export type Shell = {
  readonly name: string;
  /** @param line what stands after the prompt; what is offered for its last word */
  readonly complete: (line: string) => Promise<readonly string[]>;
};

export type ShellOptions = {
  readonly folder: string;
  readonly env: { readonly [name: string]: string };
};

const paths = ["/usr/bin", "/bin", "/usr/local/bin"];

function find(name: string): string | undefined {
  return paths.map((path) => join(path, name)).find((path) => existsSync(path));
}

/** Those of bash, zsh and fish that this machine has, with an `obsyk` on their PATH. */
export async function openShells({ folder, env }: ShellOptions): Promise<readonly Shell[]> {
  const program = join(folder, "obsyk");
  const main = new URL("../../cli/src/main.ts", import.meta.url).pathname;
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(program, 0o755);
  const environment = {
    ...env,
    PATH: `${folder}:${paths.join(":")}`,
    TERM: "xterm",
    LC_ALL: "C.UTF-8",
  };
  const ask = async (shell: string, script: string): Promise<string> => {
    const options = { env: environment, cwd: folder, timeout: 30_000 };
    return (await run(shell, ["-c", script], options)).stdout;
  };
  const shells: Shell[] = [];
  const bash = find("bash");
  if (bash !== undefined) {
    shells.push({
      name: "bash",
      complete: async (line) => lines(await ask(bash, bashScript(line))),
    });
  }
  const fish = find("fish");
  if (fish !== undefined) {
    shells.push({
      name: "fish",
      complete: async (line) => {
        const out = await ask(fish, `obsyk completion fish | source; complete -C ${quote(line)}`);
        return lines(out).map((one) => one.split("\t", 1)[0] ?? "");
      },
    });
  }
  const zsh = find("zsh");
  if (zsh !== undefined) {
    shells.push({ name: "zsh", complete: async (line) => lines(await ask(zsh, zshScript(line))) });
  }
  return shells;
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function bashScript(line: string): string {
  const words = line.split(" ").map(quote).join(" ");
  return `source <(obsyk completion bash)
COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_obsyk; printf '%s\\n' "\${COMPREPLY[@]}"`;
}

/** In a terminal of its own, as completion needs; compadd tells what it was given, the function when it is done. */
function zshScript(line: string): string {
  return [
    "zmodload zsh/zpty",
    "zpty shell zsh -f -i",
    "zpty -w shell 'PS1=; autoload -Uz compinit && compinit -u -D; source <(obsyk completion zsh)'",
    `zpty -w shell 'compadd() { local -a given; builtin compadd -O given "$@"; print -r -l -- "" "\${(@)given/#/offer=}"; builtin compadd "$@" }'`,
    `zpty -w shell 'functions[offering]=$functions[_obsyk]; _obsyk() { offering; print -r -- "" finish""ed }'`,
    `zpty -w shell 'print -r -- rea""dy'`,
    "zpty -r -m shell output '*ready*'",
    `zpty -w -n shell ${quote(line)}$'\\t'`,
    "zpty -r -m shell output '*finished*'",
    String.raw`print -r -- "$output" | tr -d '\r' | sed -n 's/^offer=//p' | sort -u`,
  ].join("\n");
}
