import type { ClusterStream } from "@obsyk/contract";
import { Button } from "@mantine/core";
import { whyEmpty } from "../logic/why-empty.ts";
import { Command } from "../ui/Command.tsx";
import { PageState } from "../ui/PageState.tsx";

type EmptyStateProps = {
  readonly resource: string;
  readonly streams: readonly ClusterStream[] | undefined;
  readonly isFiltered: boolean;
  readonly onClear: () => void;
};

/** Says why there is nothing to see, and what to do about it. */
export function EmptyState({ resource, streams, isFiltered, onClear }: EmptyStateProps) {
  const { title, text, rule } = whyEmpty({ resource, streams, isFiltered });
  return (
    <PageState
      title={title}
      actions={
        isFiltered && (
          <Button size="xs" variant="default" onClick={onClear}>
            Clear filters
          </Button>
        )
      }
    >
      <p>{text}</p>
      {rule !== undefined && <Command text={rule} label="Rule for the operator's ClusterRole" />}
    </PageState>
  );
}
