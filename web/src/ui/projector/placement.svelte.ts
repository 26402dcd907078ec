// SPDX-License-Identifier: Apache-2.0
// Where the points of the entry are, by which method, and from where they are looked at.

import type { CameraState } from '../../scene/scene';
import { asFailure, isAbort } from './api';
import type { EntrySource } from './entry_source';
import type { Draft } from './projection_form';
import { Projections } from './projections.svelte';
import type { Stage } from './stage';
import type { ViewState } from './view_state';

/** What is asked of the model around it. */
export interface PlacementHost {
  readonly view: ViewState;
  readonly source: EntrySource | null;
  readonly order: Uint32Array;
  /** Points are on screen. */
  readonly ready: boolean;
  apply(draft: Draft, kind: 'step' | 'camera'): void;
  say(kind: 'danger' | 'info', text: string): void;
  /** Waits for work; its failure is said. */
  guard(work: Promise<void>): void;
}

export type Axes = (Float32Array | null)[];

/** How long a change of method waits for a kept layout before it shows where the points start. */
const RECALL_MS = 200;
/** The components that a method other than PCA starts from. */
const START_AXES = [0, 1, 2];

const after = (milliseconds: number): Promise<null> =>
  new Promise((resolve) => setTimeout(() => resolve(null), milliseconds));

export class Placement {
  axes = $state.raw<Axes | null>(null);
  /** The method that put the points where they are: until another one has run, PCA. */
  by = $state('pca');
  /** Where the person looks from; null = where everything is seen. */
  camera: CameraState | null = null;
  /** The first fit. */
  home: CameraState | null = null;
  /** The person took hold of the camera. */
  touched = false;
  readonly projections: Projections;
  /** Where the person looked from, per method. */
  #looks: Record<string, CameraState | null> = {};

  constructor(
    readonly host: PlacementHost,
    readonly stage: Stage,
    reducedMotion: boolean,
  ) {
    const screen = {
      get view() {
        return host.view;
      },
      get nPoints() {
        return host.order.length;
      },
      apply: (draft: Draft, kind: 'step' | 'camera') => host.apply(draft, kind),
      flow: (columns: Float32Array[], milliseconds: number) => this.#flow(columns, milliseconds),
      settle: (columns: Float32Array[]) => this.#settle(columns),
      say: (kind: 'danger' | 'info', text: string) => host.say(kind, text),
    };
    this.projections = new Projections(screen, reducedMotion);
  }

  /** The components on the axes in use. */
  get components(): number[] {
    const { method, axes, mode } = this.host.view;
    return (method === 'pca' ? axes : START_AXES).slice(0, mode === '3d' ? 3 : 2);
  }

  /** Where a point lies: one value per axis in use. */
  coordinatesOf(position: number): { name: string; value: number }[] {
    const title = this.projections.titleOf(this.by);
    const name = (component: number, axis: number): string =>
      this.by === 'pca' ? `PC ${component + 1}` : `${title} ${'xyz'[axis] ?? ''}`;
    return this.components.map((component, axis) => ({
      name: name(component, axis),
      value: this.axes?.[axis]?.[position] ?? NaN,
    }));
  }

  draw(animate: boolean): void {
    if (this.axes === null) return;
    const { order, view } = this.host;
    const n = order.length;
    const [x, y, z] = this.axes.map((axis) => axis ?? new Float32Array(n));
    const depth = view.mode === '2d' ? null : (z ?? new Float32Array(n));
    const points = { order, x: x ?? new Float32Array(n), y: y ?? new Float32Array(n) };
    this.stage.setPoints({ ...points, z: depth }, animate);
  }

  /** The camera is the system's to move as long as the person has not. */
  get #follows(): boolean {
    return !this.touched && this.camera === null;
  }

  #flow(columns: Float32Array[], milliseconds: number): void {
    const [x, y, z = null] = columns;
    const { order, view, ready } = this.host;
    if (x === undefined || y === undefined || !ready) return;
    this.axes = columns;
    this.by = view.method;
    this.stage.flow({ order, x, y, z }, { milliseconds, follow: this.#follows });
  }

  #settle(columns: Axes, by = this.host.view.method): void {
    if (!this.host.ready) return;
    this.axes = columns;
    this.by = by;
    this.draw(true);
    if (this.#follows) this.stage.scene?.fit();
  }

  /**
   * What a new entry begins with: a kept layout if there is one, so that coming back is instant;
   * else the principal components.
   */
  async first(source: EntrySource): Promise<{ axes: Axes; by: string }> {
    const { method } = this.host.view;
    const components = this.components;
    const open = (): void =>
      this.projections.open(source.api.projections, source.ref, source.signal);
    if (method === 'pca') {
      open();
      this.host.guard(this.projections.learn()); // beside the points
      return { axes: await source.axes(components), by: 'pca' };
    }
    await source.order(); // until it is there, there is nothing to ask about
    open();
    const layout = await this.projections.recall().catch((thrown: unknown) => {
      if (!isAbort(thrown)) this.host.say('danger', asFailure(thrown).message);
      return null;
    });
    if (layout !== null && method === this.host.view.method) return { axes: layout, by: method };
    return { axes: await source.axes(components), by: 'pca' };
  }

  /** Puts the points where the open tab has them: a layout, or the components it starts from. */
  async project(): Promise<void> {
    const { source, view } = this.host;
    if (source === null || this.axes === null) return;
    if (this.#settleLayout()) return;
    const components = this.components;
    const axes = await source.axes(components);
    const stale = (): boolean =>
      view.method !== this.host.view.method || components.join() !== this.components.join();
    if (source !== this.host.source || stale() || this.#settleLayout()) return;
    this.#settle(axes, 'pca');
  }

  #settleLayout(): boolean {
    const { layout } = this.projections;
    if (layout !== null) this.#settle(layout);
    return layout !== null;
  }

  /** Another method, dimension or request: what was computed of it is shown at once. */
  arrange(): void {
    const recalled = this.projections.recall();
    const arrange = async (): Promise<void> => {
      const there = await Promise.race([recalled, after(RECALL_MS)]);
      await this.project();
      if (there === null && (await recalled) !== null) await this.project();
    };
    this.host.guard(arrange());
    this.projections.foresee();
  }

  /** Before another method comes: remembers where the person looks from. */
  keepLook(): void {
    this.#looks[this.host.view.method] = this.touched ? this.camera : null;
  }

  /** Looks from where the person last looked at this method; else from where all is seen. */
  takeLook(): void {
    const { method, mode } = this.host.view;
    const kept = this.#looks[method] ?? null;
    this.touched = kept !== null;
    this.camera = kept;
    if (kept !== null) this.stage.scene?.setCamera({ ...kept, mode }, true);
  }
}
