/**
 * Carries out the states that list: a whole list in pages, a probe, discovery.
 *
 * @module
 */
import { limits } from "@obsyk/contract";
import type { ListEvent } from "../project/types.ts";
import type { Activity } from "./activity.ts";
import { openAlarms, type Alarms } from "./alarms.ts";
import { outcome, type Context, type Outcome } from "./context.ts";
import { openIntake, type Intake } from "./intake.ts";
import { ofStatus } from "./outcome.ts";
import {
  collectionPath,
  cutAfter,
  getPage,
  groupVersionPath,
  isServed,
  readChunks,
  type Body,
} from "./requests.ts";
import { compareVersions, isWatchable } from "./resource-version.ts";
import type { Discover, Listing, Probe } from "./state.ts";

type At = { readonly context: Context; readonly activity: Activity; readonly alarms: Alarms };
/** Tells that the API server has answered the state's request. */
type Answered = () => void;

const pageItems = [limits.pageItems, limits.pageItems * 10] as const;

export async function discover(
  _state: Discover,
  context: Context,
  activity: Activity,
): Promise<Outcome> {
  using alarms = openAlarms(context.clock);
  const at = { context, activity, alarms };
  const { definition } = context;
  const request = { path: groupVersionPath(definition), query: {}, accept: "application/json" };
  const answer = await getPage(request, at);
  if (answer.kind === "status") {
    return answer.status.code === 404
      ? outcome({ kind: "unserved" }, `${definition.resource} is not served`)
      : ofStatus(answer.status);
  }
  cutAfter({ kind: "page", ms: context.timings.pageIdleMs }, at);
  return (await isServed(answer, definition))
    ? outcome({ kind: "served" })
    : outcome({ kind: "unserved" }, `${definition.resource} is not served`);
}

/** Every page has the version of the first; the sink sees the end only of a complete list. */
export async function list(
  state: Listing,
  context: Context,
  activity: Activity,
  answered: Answered,
): Promise<Outcome> {
  const read = await readPages(state, context, activity, answered);
  if (read.kind === "outcome") return read.outcome;
  await read.intake.finish(read.resourceVersion, read.seen, activity.signal);
  const { objects, unreadable, pages } = read;
  context.events.listed({
    stream: context.stream,
    reason: state.reason,
    attempt: state.attempt,
    objects,
    unreadable,
    pages,
    durationMs: read.durationMs,
  });
  return outcome({ kind: "listed", resourceVersion: read.resourceVersion });
}

type Pages =
  | { readonly kind: "outcome"; readonly outcome: Outcome }
  | {
      readonly kind: "complete";
      readonly intake: Intake;
      readonly resourceVersion: string;
      readonly seen: number;
      readonly objects: number;
      readonly unreadable: number;
      readonly pages: number;
      readonly durationMs: number;
    };

async function readPages(
  state: Listing,
  context: Context,
  activity: Activity,
  answered: Answered,
): Promise<Pages> {
  const { sink, clock, lists } = context;
  using _slot = await lists.acquire(activity.signal);
  using alarms = openAlarms(clock);
  await sink.room(activity.signal);
  const startedAt = clock.monotonic();
  const intake = openIntake(state, context);
  const progress: Progress = { resourceVersion: "", objects: 0, unreadable: 0, pages: 0, seen: 0 };
  let continueToken = "";
  do {
    const page = await readPage(
      { state, continueToken, intake, progress, answered },
      { context, activity, alarms },
    );
    if (typeof page !== "string") return { kind: "outcome", outcome: page };
    continueToken = page;
    await sink.room(activity.signal);
  } while (continueToken !== "");
  const durationMs = clock.monotonic() - startedAt;
  return { kind: "complete", intake, ...progress, durationMs };
}

type Progress = {
  resourceVersion: string;
  objects: number;
  unreadable: number;
  pages: number;
  seen: number;
};

type PageRequest = {
  readonly state: Listing;
  readonly continueToken: string;
  readonly intake: Intake;
  readonly progress: Progress;
  readonly answered: Answered;
};

/** Reads one page into the intake. Returns the next continue token, or what ended the list. */
async function readPage(page: PageRequest, at: At): Promise<string | Outcome> {
  const { context } = at;
  const { contentType, ...request } = listRequest(context, {
    limit: pageItems[page.state.widened],
    continueToken: page.continueToken,
  });
  const answer = await getPage(request, at);
  if (answer.kind === "status") return ofStatus(answer.status);
  if (answer.contentType !== contentType) {
    answer.close();
    return refusedType(answer.contentType);
  }
  page.answered();
  page.intake.begin();
  const meta = await readList(answer, at, (event) => take(event, page, context.clock.now()));
  if (meta === "inconsistent") {
    answer.close();
    return outcome({ kind: "expired" }, "pages of one list have different versions");
  }
  if (meta === undefined || !isWatchable(meta.resourceVersion)) {
    return outcome({ kind: "refused" }, "a list came without a resourceVersion");
  }
  page.progress.pages += 1;
  page.progress.seen = context.clock.now();
  return meta.continueToken;
}

type Meta = Extract<ListEvent, { kind: "meta" }>;

/** Hands one event on; `false` when this page does not belong to the list (W4). */
function take(event: ListEvent, page: PageRequest, seen: number): boolean {
  const { progress, intake } = page;
  switch (event.kind) {
    case "object":
      progress.objects += 1;
      intake.object(event.object, seen);
      return true;
    case "unreadable":
      progress.unreadable += 1;
      intake.unreadable(event.item);
      return true;
    case "meta": {
      const isFirst = progress.resourceVersion === "";
      if (isFirst) progress.resourceVersion = event.resourceVersion;
      return event.resourceVersion === progress.resourceVersion;
    }
  }
}

/** Decodes a list body; `inconsistent` as soon as `use` refuses an event. */
async function readList(
  answer: Body,
  at: At,
  use: (event: ListEvent) => boolean,
): Promise<Meta | "inconsistent" | undefined> {
  const decoder = at.context.representation.listDecoder();
  let meta: Meta | undefined;
  let consistent = true;
  const useAll = (events: readonly ListEvent[]): boolean => {
    for (const event of events) {
      if (event.kind === "meta") meta = event;
      consistent = use(event);
      if (!consistent) return false;
    }
    return true;
  };
  const wait = {
    begin: () => cutAfter({ kind: "page", ms: at.context.timings.pageIdleMs }, at),
    end: () => at.alarms.clear("page"),
  };
  await readChunks(answer, wait, (chunk) => useAll(decoder.push(chunk)));
  if (consistent) useAll(decoder.end());
  return consistent ? meta : "inconsistent";
}

/** `LIST limit=1`: is the API server's version still at or after ours? */
export async function probe(state: Probe, context: Context, activity: Activity): Promise<Outcome> {
  using alarms = openAlarms(context.clock);
  const at = { context, activity, alarms };
  const { contentType, ...request } = listRequest(context, { limit: 1, continueToken: "" });
  const answer = await getPage(request, at);
  if (answer.kind === "status") return ofStatus(answer.status);
  if (answer.contentType !== contentType) {
    answer.close();
    return refusedType(answer.contentType);
  }
  const meta = await readList(answer, at, () => true);
  if (meta === undefined || meta === "inconsistent" || !isWatchable(meta.resourceVersion)) {
    return outcome({ kind: "refused" }, "a list came without a resourceVersion");
  }
  const order = compareVersions(meta.resourceVersion, state.resourceVersion);
  const rolledBack = order !== undefined && order < 0;
  if (rolledBack) context.events.rolledBack({ stream: context.stream });
  return outcome({ kind: "probed", rolledBack });
}

function listRequest(
  context: Context,
  page: { readonly limit: number | undefined; readonly continueToken: string },
): { path: string; query: { [name: string]: string }; accept: string; contentType: string } {
  const { accept, contentType, query } = context.representation.request("list");
  return {
    path: collectionPath(context.definition, context.stream.namespace),
    accept,
    contentType,
    query: {
      ...query,
      ...(page.limit === undefined ? {} : { limit: String(page.limit) }),
      ...(page.continueToken === "" ? {} : { continue: page.continueToken }),
    },
  };
}

/** A media type we did not ask for is not read: nobody knows what it holds. */
export function refusedType(contentType: string): Outcome {
  const named = /^[a-z0-9.+/;=-]{1,100}$/.test(contentType) ? contentType : "an unnamed type";
  return outcome({ kind: "refused" }, `the API server answered with ${named}`);
}
