/** Compares the lives of objects, as the API server accepted them, with the platform's history. */
import { queryDatabase } from "./inspect.ts";
import type { Life } from "./recorded-churn.ts";
import type { Platform } from "./system.ts";

export type Judged = {
  readonly lives: number;
  readonly deletions: number;
  /** Born and dead inside one recorded blind interval, and never seen. */
  readonly unseen: number;
  /** Changed for the last time and deleted inside one; an earlier state is in history. */
  readonly collapsed: number;
  /** One sentence each. */
  readonly losses: readonly string[];
};

type Interval = { readonly resource: string; readonly from: number; readonly to: number };
type Closed = { readonly resource: string; readonly uid: string; readonly revision: string | null };

/**
 * An interval begins at the last mark, and a mark says what had arrived by then: a change that was still on its way lies
 * a little before it.
 */
const onItsWayMs = 500;

export async function findLosses(options: {
  readonly platform: Platform;
  readonly clusterId: string;
  readonly lives: readonly Life[];
}): Promise<Judged> {
  const { platform, clusterId, lives } = options;
  const read = async <T>(sql: string): Promise<T[]> =>
    JSON.parse(
      await queryDatabase(
        platform.dataDir,
        `select coalesce(json_agg(found), '[]') from (${sql}) found`,
      ),
    ) as T[];
  const intervals = await read<Interval>(
    `select s.resource, extract(epoch from b.from_at) * 1000 as from,
       extract(epoch from coalesce(b.to_at, now())) * 1000 as to
     from blind_interval b join stream s using (org_id, cluster_id, stream_id)
     where b.cluster_id = '${clusterId}'`,
  );
  const closed = await read<Closed>(
    `select resource, uid, record->'metadata'->'labels'->>'revision' as revision from history
     where cluster_id = '${clusterId}' and cause in ('deleted', 'absent', 'replaced')`,
  );
  const ends = new Map(closed.map((end) => [`${end.resource}/${end.uid}`, end.revision]));
  const losses: string[] = [];
  let deletions = 0;
  let unseen = 0;
  let collapsed = 0;
  for (const life of lives) {
    const { deletedMs } = life;
    if (deletedMs === undefined) continue;
    deletions += 1;
    const blind = (fromMs: number): boolean =>
      isInside(intervals, life.resource, [fromMs, deletedMs]);
    const key = `${life.resource}/${life.uid}`;
    const at = `${life.resource} ${life.name} (${life.uid})`;
    if (!ends.has(key)) {
      if (blind(life.bornMs)) unseen += 1;
      else losses.push(`${at}: its deletion is not in history; ${timesOf(life, intervals)}`);
    } else if (ends.get(key) !== String(life.revision)) {
      if (blind(life.writtenMs)) collapsed += 1;
      else {
        losses.push(
          `${at}: history ends with revision ${ends.get(key)}, not ${life.revision}; ${timesOf(life, intervals)}`,
        );
      }
    }
  }
  return { lives: lives.length, deletions, unseen, collapsed, losses };
}

/** When it lived, and every interval that touches its end. */
function timesOf(life: Life, intervals: readonly Interval[]): string {
  const { bornMs, writtenMs, deletedMs = 0 } = life;
  const near = intervals.filter(
    ({ resource, from, to }) =>
      resource === life.resource && from < deletedMs + 2000 && writtenMs - 2000 < to,
  );
  const blind = near.map(({ from, to }) => `${format(from)}-${format(to)}`).join(", ");
  return `born ${format(bornMs)}, written ${format(writtenMs)}, gone by ${format(deletedMs)}, blind ${blind || "never"}`;
}

function format(ms: number): string {
  return new Date(ms).toISOString().slice(14, -1);
}

function isInside(
  intervals: readonly Interval[],
  resource: string,
  [fromMs, toMs]: readonly [number, number],
): boolean {
  return intervals.some(
    (interval) =>
      interval.resource === resource &&
      interval.from - onItsWayMs <= fromMs &&
      toMs <= interval.to + onItsWayMs,
  );
}
