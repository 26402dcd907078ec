// SPDX-License-Identifier: Apache-2.0
// A source of projections that tests play by hand.

import type {
  Forecast,
  MethodInfo,
  ProjectionInfo,
  ProjectionListener,
  ProjectionRequest,
  ProjectionRun,
  ProjectionSource,
} from './projection_source';

export const UMAP: MethodInfo = {
  name: 'umap',
  title: 'UMAP',
  n_components: [2, 3],
  options: [
    { name: 'n_neighbors', type: 'integer', default: 15, min: 2, max: 200 },
    { name: 'min_dist', type: 'number', default: 0.1, min: 0, max: 10 },
    { name: 'spread', type: 'number', default: 1, min: 0.01, max: 10 },
    {
      name: 'metric',
      type: 'choice',
      default: 'euclidean',
      choices: ['euclidean', 'cosine', 'dot'],
    },
    { name: 'n_epochs', type: 'integer', default: null, optional: true, min: 1, max: 100_000 },
    { name: 'label_weight', type: 'number', default: 0.5, min: 0, max: 1 },
    { name: 'seed', type: 'integer', default: 42 },
  ],
};

export const TSNE: MethodInfo = {
  name: 'tsne',
  title: 't-SNE',
  n_components: [2, 3],
  options: [
    { name: 'perplexity', type: 'number', default: 30, min: 2, max: 100 },
    { name: 'seed', type: 'integer', default: 42 },
  ],
};

/** What is known of one request; the test changes it and tells. */
export interface FakeComputation {
  request: ProjectionRequest;
  info: ProjectionInfo;
  layout: Float32Array[];
  listeners: Set<ProjectionListener>;
}

export class FakeProjections implements ProjectionSource {
  readonly known = new Map<string, FakeComputation>();
  /** Names of calls, in order. */
  readonly calls: string[] = [];
  refusal: Error | null = null;

  keyOf(request: ProjectionRequest): string {
    return JSON.stringify(request);
  }

  computation(request: ProjectionRequest): FakeComputation {
    const found = this.known.get(this.keyOf(request));
    if (found === undefined) throw new Error('nothing like that was asked for');
    return found;
  }

  /** As if the server had it, or made it. */
  put(request: ProjectionRequest, state: ProjectionInfo['state'], layout: Float32Array[]): void {
    const info: ProjectionInfo = {
      key: this.keyOf(request),
      state,
      method: request.method,
      n_components: request.n_components,
      options: request.options,
      supervise_by: request.supervise_by,
      n_rows: layout[0]?.length ?? 0,
      queue_position: null,
      stage: 'optimise',
      iteration: 0,
      n_iterations: 200,
      seconds_elapsed: 0,
      seconds_left: null,
      report: null,
      error: null,
      notes: [],
    };
    this.known.set(info.key, { request, info, layout, listeners: new Set() });
  }

  /** Changes a computation and tells those who follow it. */
  tell(request: ProjectionRequest, part: Partial<ProjectionInfo>): void {
    const computation = this.computation(request);
    computation.info = { ...computation.info, ...part };
    for (const listener of computation.listeners) listener.state(computation.info);
  }

  frame(request: ProjectionRequest, columns: Float32Array[], iteration = 1): void {
    const nRows = columns[0]?.length ?? 0;
    const frame = { iteration, nRows, columns: () => columns };
    for (const listener of this.computation(request).listeners) listener.frame(frame);
  }

  methods(): Promise<MethodInfo[]> {
    this.calls.push('methods');
    return Promise.resolve([TSNE, UMAP]);
  }

  forecast(_: unknown, request: ProjectionRequest): Promise<Forecast> {
    this.calls.push('forecast');
    const key = this.keyOf(request);
    const state = this.known.get(key)?.info.state ?? null;
    return Promise.resolve({ key, state, estimate: { seconds: 2, memory_bytes: 1e6 }, notes: [] });
  }

  start(_: unknown, request: ProjectionRequest): Promise<ProjectionInfo> {
    this.calls.push('start');
    if (this.refusal !== null) return Promise.reject(this.refusal);
    if (!this.known.has(this.keyOf(request))) {
      this.put(request, 'queued', [Float32Array.of(9, 9), Float32Array.of(9, 9)]);
    }
    return Promise.resolve(this.computation(request).info);
  }

  follow(key: string, listener: ProjectionListener): ProjectionRun {
    this.calls.push('follow');
    const computation = this.known.get(key);
    if (computation === undefined) throw new Error(`no computation ${key}`);
    computation.listeners.add(listener);
    listener.state(computation.info);
    const become = (state: ProjectionInfo['state']) => (): Promise<ProjectionInfo> => {
      this.calls.push(state);
      this.tell(computation.request, { state });
      return Promise.resolve(computation.info);
    };
    return {
      pause: become('paused'),
      resume: become('running'),
      stop: become('stopped'),
      layout: () => {
        this.calls.push('layout');
        return Promise.resolve(computation.layout);
      },
      close: () => computation.listeners.delete(listener),
    };
  }
}
