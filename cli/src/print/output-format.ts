import { compileJsonPath } from "../jsonpath/evaluate.ts";
import { CliError } from "../errors.ts";
import { nearest } from "../nearest.ts";

export type OutputFormat =
  | { readonly kind: "table"; readonly wide: boolean }
  | { readonly kind: "json" }
  | { readonly kind: "yaml" }
  | { readonly kind: "name" }
  | { readonly kind: "jsonpath"; readonly print: (object: unknown) => string };

const words = ["json", "yaml", "wide", "name", "jsonpath"] as const;

/** @throws {CliError | JsonPathError} for what is no format, and for a template that is wrong */
export function parseOutputFormat(text: string | undefined): OutputFormat {
  switch (text) {
    case undefined:
    case "table":
      return { kind: "table", wide: false };
    case "wide":
      return { kind: "table", wide: true };
    case "json":
    case "yaml":
    case "name":
      return { kind: text };
    default:
      return parseTemplateFormat(text);
  }
}

function parseTemplateFormat(text: string): OutputFormat {
  const template = /^jsonpath=(.*)$/s.exec(text)?.[1];
  if (template !== undefined) return { kind: "jsonpath", print: compileJsonPath(template) };
  const suggestion = nearest(text, words);
  throw new CliError(
    "USAGE",
    text === "jsonpath"
      ? "jsonpath needs a template: -o jsonpath='{.metadata.name}'"
      : `no output format is called ${JSON.stringify(text)}: ${suggestion === undefined ? `there are ${words.join(", ")}=TEMPLATE` : `did you mean ${suggestion}?`}`,
  );
}
