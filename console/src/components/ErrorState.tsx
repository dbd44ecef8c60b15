import { Button } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { ApiError } from "../api/client.ts";
import { PageState } from "../ui/PageState.tsx";

type ErrorStateProps = {
  readonly what: string;
  readonly error: Error;
  readonly onRetry: () => void;
};

/** Says which step failed, what the platform said, and offers to try again. */
export function ErrorState({ what, error, onRetry }: ErrorStateProps) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <PageState
      alert
      title={`Could not load ${what}`}
      icon={<IconPlugConnectedX size={28} stroke={1.5} />}
      actions={
        <Button size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      <p>{error.message}</p>
      {problem?.requestId !== undefined && (
        <p>
          Request <code>{problem.requestId}</code>
        </p>
      )}
    </PageState>
  );
}
