// SPDX-License-Identifier: Apache-2.0
// The methods beside PCA: what the form of each says, which layouts were computed or are being
// computed, and which of them is on screen. Draws nothing itself: it tells the screen.

import { asFailure, isAbort, type EntryRef } from './api';
import { FramePlayer } from './frame_player';
import {
  NOTHING_SET,
  buttonOf,
  identityOf,
  problemsOf,
  requestOf,
  withOption,
  type Draft,
  type RunButton,
} from './projection_form';
import { Run } from './projection_run.svelte';
import type {
  Forecast,
  MethodInfo,
  OptionInfo,
  OptionValue,
  ProjectionInfo,
  ProjectionRequest,
  ProjectionSource,
} from './projection_source';
import type { ViewState } from './view_state';

/** What is told, and asked, of the projector around it. */
export interface Screen {
  readonly view: ViewState;
  readonly nPoints: number;
  /** The address follows: as a step that "back" undoes, or quietly. */
  apply(draft: Draft, kind: 'step' | 'camera'): void;
  /** One more step of the layout in the making. */
  flow(columns: Float32Array[], milliseconds: number): void;
  /** A layout that stays. */
  settle(columns: Float32Array[]): void;
  say(kind: 'danger' | 'info', text: string): void;
}

interface Asked {
  id: string;
  entry: EntryRef;
  request: ProjectionRequest;
}

/** Typing is over when nothing changed for so long. */
const FORESEE_MS = 250;
/** For so long the strip says that something is done. */
const ENDED_MS = 4000;
/** Kept layouts beyond this are asked for again when they are needed. */
const KEPT_BYTES = 400e6;

export class Projections {
  methods = $state.raw<readonly MethodInfo[]>([]);
  starting = $state(false);
  #runs = $state.raw<readonly Run[]>([]);
  #drafts = $state.raw<Readonly<Record<string, Draft>>>({});
  #foreseen = $state.raw<{ id: string; forecast: Forecast } | null>(null);
  /** Why nothing is foreseen. */
  /** Ended a moment ago, still told of. */
  #ended = $state.raw<Run | null>(null);
  #unforeseen = $state.raw<{ id: string; message: string } | null>(null);
  #source: ProjectionSource | null = null;
  #entry = $state.raw<EntryRef | null>(null);
  #signal: AbortSignal | undefined;
  #known: Promise<unknown> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #player: FramePlayer<Run>;

  constructor(
    readonly screen: Screen,
    still = false,
  ) {
    this.#player = new FramePlayer({
      show: (run, milliseconds) => {
        const columns = run.places();
        if (columns !== null && run === this.current) this.screen.flow(columns, milliseconds);
      },
      still,
    });
  }

  // What is.

  /** The method of the open tab; null for PCA. */
  get method(): MethodInfo | null {
    return this.methodOf(this.screen.view.method);
  }

  methodOf(name: string): MethodInfo | null {
    return name === 'pca' ? null : (this.methods.find((one) => one.name === name) ?? null);
  }

  titleOf(name: string): string {
    return this.methodOf(name)?.title ?? (name === 'pca' ? 'PCA' : name);
  }

  /** What the form says. */
  get draft(): Draft {
    const { method, options, superviseBy } = this.screen.view;
    return this.#drafts[method] ?? { options, superviseBy };
  }

  /** What cannot be used in the form, by the option's name. */
  get problems(): Readonly<Record<string, string>> {
    const { method } = this;
    return method === null ? {} : problemsOf(method, this.draft);
  }

  get runnable(): boolean {
    return this.method !== null && Object.keys(this.problems).length === 0;
  }

  /** The computation that the address speaks of, if there is one. */
  get current(): Run | null {
    const asked = this.#viewed;
    return asked === null ? null : this.#find(asked.id);
  }

  /** Where the points are by the method of the open tab; null = nowhere yet. */
  get layout(): Float32Array[] | null {
    return this.current?.places() ?? null;
  }

  /** What the form says is what was asked for last. */
  get same(): boolean {
    return this.#viewed?.id === this.#drafted?.id;
  }

  /** For the request in the form; null while it is not known. */
  get forecast(): Forecast | null {
    return this.#foreseen?.id === this.#drafted?.id ? (this.#foreseen?.forecast ?? null) : null;
  }

  /** For any request, to show while the next one is under way. */
  get lastForecast(): Forecast | null {
    return this.#foreseen?.forecast ?? null;
  }

  get forecastProblem(): string | null {
    return this.#unforeseen?.id === this.#drafted?.id ? (this.#unforeseen?.message ?? null) : null;
  }

  get button(): RunButton | null {
    const { same, forecast } = this;
    return buttonOf({ state: this.current?.state ?? null, same, forecast });
  }

  /** What the strip speaks of: the open tab's computation, else any other that is under way. */
  get told(): Run | null {
    const { current } = this;
    if (current !== null && (current.lively || current.state === 'stopped')) return current;
    return this.#runs.filter((run) => run.lively).at(-1) ?? this.#ended;
  }

  /** A tab whose method is at work on any entry. */
  isBusy(method: string): boolean {
    return this.#runs.some(
      (run) => run.lively && run.state !== 'paused' && run.request.method === method,
    );
  }

  get nLively(): number {
    return this.#runs.filter((run) => run.lively).length;
  }

  get #viewed(): Asked | null {
    const { options, superviseBy } = this.screen.view;
    return this.#asked({ options, superviseBy });
  }

  get #drafted(): Asked | null {
    return this.#asked(this.draft);
  }

  #asked(draft: Draft): Asked | null {
    const { method } = this;
    const entry = this.#entry;
    if (method === null || entry === null) return null;
    const request = requestOf(method, this.screen.view.mode === '3d' ? 3 : 2, draft);
    return { id: identityOf(entry, request), entry, request };
  }

  #find(id: string): Run | null {
    return this.#runs.find((run) => run.id === id) ?? null;
  }

  // What happens.

  /** Another entry, whose data is there. Computations of others go on and are still told of. */
  open(source: ProjectionSource | undefined, entry: EntryRef, signal: AbortSignal): void {
    this.#source = source ?? null;
    this.#entry = entry;
    this.#signal = signal;
    this.#player.clear();
  }

  /** The address changed from outside: the form says what it says. */
  adopt(view: ViewState): void {
    const { method, options, superviseBy } = view;
    if (method !== 'pca') this.#drafts = { ...this.#drafts, [method]: { options, superviseBy } };
  }

  /** What the address shall say when a method's tab is opened. */
  remembered(method: string): Draft {
    return method === 'pca' ? NOTHING_SET : (this.#drafts[method] ?? NOTHING_SET);
  }

  /** Which methods there are, asked once. */
  async learn(): Promise<void> {
    const source = this.#source;
    if (source === null) return;
    this.#known ??= source.methods().then((methods) => (this.methods = methods));
    try {
      await this.#known;
    } catch (thrown) {
      this.#known = null;
      const { code, message } = asFailure(thrown);
      const asked = this.screen.view.method !== 'pca';
      if (asked && code !== 'not_found') this.screen.say('danger', message);
    }
  }

  /**
   * Finds what was computed, or is being computed, of what the address asks for. Starts nothing.
   * Resolves with the places to show, null when there are none (yet).
   */
  async recall(): Promise<Float32Array[] | null> {
    const source = this.#source;
    const signal = this.#signal;
    if (source === null) return null;
    await this.learn();
    const asked = this.#viewed;
    if (asked === null || !this.runnable) return null;
    let run = this.#find(asked.id);
    if (run === null) {
      const forecast = await source.forecast(asked.entry, asked.request, signal);
      run = this.#find(asked.id);
      this.#foreseen = { id: asked.id, forecast };
      const there = forecast.state !== null && !['failed', 'cancelled'].includes(forecast.state);
      if (run === null && there) run = this.#join(asked, forecast.key);
      if (run === null) return null;
      run.settled = forecast.state === 'done';
      if (run.settled) return run.fetch();
      if (forecast.state === 'stopped') return run.fetch().catch(() => null);
    }
    return run.places();
  }

  #join(asked: Asked, key: string): Run {
    const run = new Run(asked.id, asked.entry, asked.request);
    const others = this.#runs.filter((one) => one.id !== asked.id);
    this.#runs = [...others, run];
    run.handle =
      this.#source?.follow(key, {
        state: (info) => this.#tell(run, info),
        frame: (frame) => {
          if (frame.nRows !== this.screen.nPoints && run === this.current) return;
          run.take(frame);
          if (run === this.current) this.#player.push(run);
        },
        connection: (lost) => (run.offline = lost),
        failed: (thrown) => this.#complain(thrown),
      }) ?? null;
    return run;
  }

  #tell(run: Run, info: ProjectionInfo): void {
    const live = run.lively;
    run.info = info;
    if (info.state === 'done' && live) this.#tellEnd(run);
    if (info.state === 'done' && !run.settled) void this.#finish(run);
    if (info.state === 'failed' && live) {
      const why = info.error?.message ?? 'No reason was given.';
      this.screen.say('danger', `${this.titleOf(info.method)} failed: ${why}`);
    }
  }

  #tellEnd(run: Run): void {
    this.#ended = run;
    setTimeout(() => {
      if (this.#ended === run) this.#ended = null;
    }, ENDED_MS);
  }

  /** The exact layout takes the place of the last frame. */
  async #finish(run: Run): Promise<void> {
    run.settled = true;
    try {
      const columns = await run.fetch();
      this.#forgetOldest(run);
      if (run !== this.current) return;
      this.#player.clear();
      this.screen.settle(columns);
    } catch (thrown) {
      this.#complain(thrown);
    }
  }

  #forgetOldest(but: Run): void {
    let bytes = 0;
    const newestFirst = [...this.#runs].reverse();
    const kept = newestFirst.filter((run) => {
      bytes += run.bytes;
      return bytes <= KEPT_BYTES || run === but || run === this.current || run.lively;
    });
    for (const run of this.#runs) if (!kept.includes(run)) run.close();
    if (kept.length < this.#runs.length) this.#runs = kept.reverse();
  }

  #complain(thrown: unknown): void {
    if (!isAbort(thrown)) this.screen.say('danger', asFailure(thrown).message);
  }

  // What a person does.

  set(option: OptionInfo, value: OptionValue): void {
    this.#edit(withOption(this.draft, option, value));
  }

  supervise(column: string | null): void {
    this.#edit({ ...this.draft, superviseBy: column });
  }

  reset(): void {
    this.#edit(NOTHING_SET);
  }

  #edit(draft: Draft): void {
    const shown = this.current !== null;
    this.#drafts = { ...this.#drafts, [this.screen.view.method]: draft };
    // The address holds what is on screen; as long as nothing is, what is in the form.
    if (!shown) this.screen.apply(draft, 'camera');
    this.foresee();
  }

  /** Asks what the request in the form would cost, once typing is over. */
  foresee(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#foresee(), FORESEE_MS);
  }

  async #foresee(): Promise<void> {
    const source = this.#source;
    const asked = this.#drafted;
    if (source === null || asked === null || !this.runnable) return;
    if (this.#foreseen?.id === asked.id) return;
    try {
      const forecast = await source.forecast(asked.entry, asked.request, this.#signal);
      if (this.#drafted?.id === asked.id) this.#foreseen = { id: asked.id, forecast };
    } catch (thrown) {
      if (isAbort(thrown)) return;
      this.#unforeseen = { id: asked.id, message: asFailure(thrown).message };
    }
  }

  /** Computes what the form says; what was computed before is shown at once. */
  async run(): Promise<void> {
    const source = this.#source;
    const asked = this.#drafted;
    if (source === null || asked === null || !this.runnable || this.starting) return;
    const draft = this.draft;
    const before = this.current;
    const known = this.#find(asked.id);
    if (known !== null && !known.lost) {
      if (!this.same) this.screen.apply(draft, 'step');
      await this.#again(known);
      return;
    }
    this.starting = true;
    try {
      const info = await source.start(asked.entry, asked.request, this.#signal);
      this.screen.apply(draft, 'step');
      const run = this.#join(asked, info.key);
      run.mine = true;
      this.#tell(run, info);
      if (info.state === 'stopped') await this.resume(run);
      if (before !== null && before.mine && before.lively) await this.stop(before);
    } catch (thrown) {
      this.#complain(thrown);
    } finally {
      this.starting = false;
    }
  }

  async #again(run: Run): Promise<void> {
    const columns = run.places();
    if (columns !== null) this.screen.settle(columns);
    if (run.state === 'stopped') await this.resume(run);
  }

  pause(run: Run): Promise<void> {
    return this.#act(run, (handle) => handle.pause());
  }

  resume(run: Run): Promise<void> {
    run.goOn();
    return this.#act(run, (handle) => handle.resume());
  }

  stop(run: Run): Promise<void> {
    return this.#act(run, (handle) => handle.stop());
  }

  async #act(
    run: Run,
    action: (handle: NonNullable<Run['handle']>) => Promise<ProjectionInfo>,
  ): Promise<void> {
    if (run.handle === null || run.acting) return;
    run.acting = true;
    try {
      this.#tell(run, await action(run.handle));
    } catch (thrown) {
      this.#complain(thrown);
    } finally {
      run.acting = false;
    }
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#player.clear();
    for (const run of this.#runs) run.close();
  }
}
