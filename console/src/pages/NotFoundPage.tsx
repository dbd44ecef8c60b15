import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { paths } from "../paths.ts";
import { PageState } from "../ui/PageState.tsx";

export function NotFoundPage() {
  return (
    <main>
      <PageState
        title="There is no such page"
        actions={
          <Button component={Link} {...paths.clusters()} size="xs" variant="default">
            All clusters
          </Button>
        }
      />
    </main>
  );
}
