/**
 * The life of a cluster: stories begin one after another, a few at a time, and take turns.
 *
 * @module
 */
import type { Clock } from "@obsyk/runtime";
import { pick } from "../random.ts";
import type { Running, Scene } from "./scene.ts";
import * as stories from "./stories.ts";

/** Stories under way at once; with their pauses that is about one write a second. */
const maxStories = 5;
/** Seconds between the beginnings of two stories. */
const betweenStories = 6;

type Turn = { readonly at: number; readonly story: stories.Story };

export class Life {
  readonly #scene: Scene;
  readonly #turns: Turn[] = [];
  /** Seconds since the beginning, as the stories count them. */
  #now = 0;
  #told = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#turns.push({ at: 0, story: this.#tellStories() });
  }

  /** Seconds from the last step to the next one. */
  get waitSeconds(): number {
    return Math.max(0, (this.#turns[0]?.at ?? this.#now) - this.#now);
  }

  /** Takes the next step of whichever story is due first. */
  step(): void {
    const turn = this.#turns.shift();
    if (turn === undefined) return;
    this.#now = turn.at;
    const { value, done } = turn.story.next();
    if (done !== true) this.#schedule({ at: this.#now + value, story: turn.story });
  }

  #schedule(turn: Turn): void {
    const index = this.#turns.findIndex(({ at }) => at > turn.at);
    this.#turns.splice(index === -1 ? this.#turns.length : index, 0, turn);
  }

  *#tellStories(): stories.Story {
    for (;;) {
      if (this.#turns.length < maxStories) {
        const story = this.#next();
        if (story !== undefined) this.#schedule({ at: this.#now, story });
      }
      yield betweenStories;
    }
  }

  /** In turn, so that every kind is seen within minutes; about whom is chance. */
  #next(): stories.Story | undefined {
    const scene = this.#scene;
    const { random } = scene;
    const calm = scene.apps.filter(stories.isCalm);
    const failing = scene.apps.filter(({ app }) => app.trouble !== undefined);
    if (calm.length === 0) return undefined;
    const about = (story: (scene: Scene, running: Running) => stories.Story): stories.Story => {
      const running = pick(random, calm);
      return stories.about(scene, running, story(scene, running));
    };
    const kinds: readonly (() => stories.Story | undefined)[] = [
      () => about(stories.rollOut),
      () =>
        scene.cronJobs.length === 0
          ? about(stories.scaleOutAndIn)
          : stories.runJob(scene, pick(random, scene.cronJobs)),
      () => about(stories.rollOutAndBack),
      () => (failing.length === 0 ? undefined : stories.crashAgain(scene, pick(random, failing))),
      () => about(stories.scaleOutAndIn),
      () => stories.breakGlass(scene),
      () => about(stories.rotateSecret),
      () => about(stories.evict),
      () => (this.#told % 2 === 0 ? stories.replaceNode(scene) : stories.loseNode(scene)),
    ];
    const kind = kinds[this.#told % kinds.length];
    this.#told += 1;
    return kind?.();
  }
}

/** Lets a cluster live until the signal aborts. */
export async function live(
  scene: Scene,
  options: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<void> {
  const { signal, clock } = options;
  const life = new Life(scene);
  while (!signal.aborted) {
    try {
      // Two steps due at once are told apart by the eye, and a burst stays small.
      await clock.sleep(Math.max(life.waitSeconds * 1000, 200), { signal });
    } catch {
      return;
    }
    life.step();
  }
}
