// SPDX-License-Identifier: Apache-2.0
// One computation that this page knows of: how it is, and where its points are.

import type { EntryRef } from './api';
import type {
  LayoutFrame,
  ProjectionInfo,
  ProjectionRequest,
  ProjectionRun,
} from './projection_source';

export class Run {
  info = $state.raw<ProjectionInfo | null>(null);
  /** Nothing is heard of it at present. */
  offline = $state(false);
  /** A pause, stop or continue is on its way. */
  acting = $state(false);
  /** Started from this page. */
  mine = false;
  /** Its finished layout has been handed on. */
  settled = false;
  handle: ProjectionRun | null = null;
  #frame: LayoutFrame | null = null;
  #columns: Float32Array[] | null = null;
  #fetched: Promise<Float32Array[]> | null = null;

  constructor(
    /** The same for the same layout (identityOf). */
    readonly id: string,
    readonly entry: EntryRef,
    readonly request: ProjectionRequest,
  ) {}

  get state(): ProjectionInfo['state'] | null {
    return this.info?.state ?? null;
  }

  /** It changes by itself. */
  get lively(): boolean {
    const { state } = this;
    return state === 'queued' || state === 'running' || state === 'paused';
  }

  /** It came to nothing: the same request may be made again. */
  get lost(): boolean {
    return this.state === 'failed' || this.state === 'cancelled';
  }

  get bytes(): number {
    return (this.#columns ?? []).reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** The newest places, or null while there are none. */
  places(): Float32Array[] | null {
    if (this.#frame !== null) {
      this.#columns = this.#frame.columns();
      this.#frame = null;
    }
    return this.#columns;
  }

  take(frame: LayoutFrame): void {
    if (this.#fetched === null) this.#frame = frame;
  }

  /** Fetches the layout that is kept of it, once; frames then change it no more. */
  fetch(): Promise<Float32Array[]> {
    if (this.#fetched !== null) return this.#fetched;
    const { handle } = this;
    if (handle === null) return Promise.reject(new Error('It is not followed yet.'));
    const fetched = handle.layout(this.request.n_components).then((columns) => {
      this.#frame = null;
      this.#columns = columns;
      return columns;
    });
    fetched.catch(() => (this.#fetched = null));
    this.#fetched = fetched;
    return fetched;
  }

  /** It goes on: what was fetched is no longer the end of it. */
  goOn(): void {
    this.#fetched = null;
    this.settled = false;
  }

  close(): void {
    this.handle?.close();
    this.handle = null;
  }
}
