// SPDX-License-Identifier: Apache-2.0
// Plays frames that come at their own pace so that the points move without a stop: each movement
// takes as long as the frames have lately been apart. While one is under way only the newest of the
// frames that arrive is kept, so a slow picture never falls behind.

export interface FramePlayerOptions<T> {
  /** Moves the points to a frame within so many milliseconds; 0 = at once. */
  show: (frame: T, milliseconds: number) => void;
  /** People who asked for less motion get a still picture now and then. */
  still: boolean;
  now?: () => number;
  /** Runs something later; returns what takes it back. */
  later?: (run: () => void, milliseconds: number) => () => void;
}

const STEP_MS = { min: 40, max: 1500, first: 120, still: 1000 };
/** How much one gap counts in the mean of them. */
const NEWEST = 0.25;

export class FramePlayer<T> {
  readonly #options: FramePlayerOptions<T>;
  readonly #now: () => number;
  #waiting: T | null = null;
  #takeBack: (() => void) | null = null;
  /** When the movement under way ends. */
  #until = -Infinity;
  #lastCame: number | null = null;
  #gap = STEP_MS.first;

  constructor(options: FramePlayerOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  push(frame: T): void {
    const now = this.#now();
    if (this.#lastCame !== null) {
      const gap = Math.min(STEP_MS.max, Math.max(STEP_MS.min, now - this.#lastCame));
      this.#gap += NEWEST * (gap - this.#gap);
    }
    this.#lastCame = now;
    this.#waiting = frame;
    if (now >= this.#until) this.#play();
    else if (this.#takeBack === null) this.#wait(this.#until - now);
  }

  /** Forgets what has not been shown, and the pace: another computation follows, or none. */
  clear(): void {
    this.#takeBack?.();
    this.#takeBack = null;
    this.#waiting = null;
    this.#lastCame = null;
    this.#gap = STEP_MS.first;
    this.#until = -Infinity;
  }

  #wait(milliseconds: number): void {
    const later =
      this.#options.later ??
      ((run, ms) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      });
    this.#takeBack = later(() => {
      this.#takeBack = null;
      this.#play();
    }, milliseconds);
  }

  #play(): void {
    const frame = this.#waiting;
    if (frame === null) return;
    this.#waiting = null;
    const { still, show } = this.#options;
    const step = still ? STEP_MS.still : this.#gap;
    this.#until = this.#now() + step;
    show(frame, still ? 0 : step);
  }
}
