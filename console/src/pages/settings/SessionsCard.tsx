import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { endSession, sessionsQuery } from "../../api/people.ts";
import { useServices } from "../../services.ts";
import { Card } from "../../ui/Card.tsx";
import css from "../../ui/ui.module.css";
import { Loaded, Refusal, timeText, useChange } from "./parts.tsx";
import own from "./settings.module.css";

export function SessionsCard() {
  const { api } = useServices();
  const query = useQuery(sessionsQuery(api));
  const end = useChange(async (id: string) => endSession(api, id));
  return (
    <Card title="Your sessions" flush>
      <Loaded what="your sessions" query={query}>
        {(sessions) => (
          <table className={css["table"]}>
            <thead>
              <tr>
                <th scope="col">Browser</th>
                <th scope="col">Since</th>
                <th scope="col">Last used</th>
                <th aria-label="Actions" />
              </tr>
            </thead>
            <tbody>
              {sessions.map((session) => (
                <tr key={session.id}>
                  <td>{session.userAgent ?? "unknown"}</td>
                  <td>{timeText(session.createdAt)}</td>
                  <td>{timeText(session.lastUsedAt)}</td>
                  <td className={own["end"]}>
                    {session.isCurrent ? (
                      "this one"
                    ) : (
                      <Button
                        size="compact-xs"
                        variant="default"
                        onClick={() => end.mutate(session.id)}
                      >
                        End
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      <Refusal error={end.error} />
    </Card>
  );
}
