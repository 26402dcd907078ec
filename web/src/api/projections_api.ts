// SPDX-License-Identifier: Apache-2.0
// Projections on the server: asked for and steered by HTTP, watched over a WebSocket that is opened
// again when it breaks.

import { readColumns, readHead } from '../data/layout_frame';
import type { EntryRef } from '../ui/projector/api';
import type {
  LayoutFrame,
  MethodInfo,
  ProjectionInfo,
  ProjectionListener,
  ProjectionRequest,
  ProjectionRun,
  ProjectionSource,
} from '../ui/projector/projection_source';
import { cutBlocks } from './blocks';
import type { Client } from './client';
import { ApiError, isAbort } from './error';
import { apiPath } from './oort_api';

/** Pauses before a broken connection is tried again: short at first, then longer. */
const AGAIN_MS = [250, 500, 1000, 2000, 5000];
/** Failures after which it is asked again. */
const PASSING = new Set(['unreachable', 'unavailable', 'bad_answer']);
/** States that change by themselves. */
const LIVELY = new Set(['queued', 'running', 'paused']);

function bodyOf(entry: EntryRef, request: ProjectionRequest): Record<string, unknown> {
  const { method, n_components, options, supervise_by } = request;
  const place = { experiment: entry.experiment, template: entry.template, entry: entry.entry };
  const supervised = supervise_by === null ? {} : { supervise_by };
  return { ...place, method, n_components, options, ...supervised };
}

/** A frame as the projector takes it: checked at once, decoded only if it is shown. */
export function frameOf(bytes: ArrayBuffer): LayoutFrame {
  const head = readHead(bytes);
  return { ...head, columns: () => readColumns(bytes, head) };
}

class Watch implements ProjectionRun {
  readonly #abort = new AbortController();
  readonly #path: string;
  #socket: WebSocket | null = null;
  #lost = false;
  #watching = false;

  constructor(
    readonly client: Client,
    readonly key: string,
    readonly listener: ProjectionListener,
  ) {
    this.#path = apiPath('projections', key);
    void this.#watch();
  }

  pause(): Promise<ProjectionInfo> {
    return this.#act('pause');
  }

  async resume(): Promise<ProjectionInfo> {
    const info = await this.#act('continue');
    void this.#watch(); // the connection ended when the work did
    return info;
  }

  stop(): Promise<ProjectionInfo> {
    return this.#act('stop');
  }

  async layout(nComponents: number, signal?: AbortSignal): Promise<Float32Array[]> {
    const bytes = await this.client.bytes(`${this.#path}/layout`, { signal });
    return cutBlocks(bytes, nComponents);
  }

  close(): void {
    this.#abort.abort();
    this.#socket?.close(1000);
    this.#socket = null;
  }

  async #act(action: 'pause' | 'continue' | 'stop'): Promise<ProjectionInfo> {
    const info = await this.client.json<ProjectionInfo>(this.#path, {
      method: 'PATCH',
      body: { action },
    });
    this.#tell(info);
    return info;
  }

  #tell(info: ProjectionInfo): void {
    if (!this.#abort.signal.aborted) this.listener.state(info);
  }

  #say(lost: boolean): void {
    if (lost === this.#lost) return;
    this.#lost = lost;
    this.listener.connection(lost);
  }

  /**
   * Asks how it is, listens while there is something to hear, and asks again when the connection
   * ends: it may have broken, or the work may have.
   */
  async #watch(): Promise<void> {
    const { signal } = this.#abort;
    if (this.#watching || signal.aborted) return;
    this.#watching = true;
    await this.#listenWhileLively(signal);
    this.#watching = false;
  }

  async #listenWhileLively(signal: AbortSignal): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        const info = await this.client.json<ProjectionInfo>(this.#path, { signal });
        this.#tell(info);
        if (!LIVELY.has(info.state)) {
          this.#say(false);
          return;
        }
        if (await this.#listen(signal)) tries = 0;
      } catch (thrown) {
        if (isAbort(thrown)) return;
        if (!(thrown instanceof ApiError && PASSING.has(thrown.code))) {
          this.listener.failed(thrown);
          return;
        }
        this.#say(true);
      }
      const again = AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)] ?? 0;
      await this.client.sleep(again, signal).catch(() => undefined);
    }
  }

  /** Resolves when the connection has ended; whether it ever stood. */
  #listen(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = this.client.socket(`${this.#path}/frames?encoding=uint16`);
      this.#socket = socket;
      socket.binaryType = 'arraybuffer';
      let stood = false;
      socket.onopen = () => {
        stood = true;
        this.#say(false);
      };
      socket.onmessage = (event: MessageEvent<unknown>) => {
        if (!signal.aborted) this.#take(event.data);
      };
      socket.onclose = (event: CloseEvent) => {
        if (this.#socket === socket) this.#socket = null;
        if (!signal.aborted && event.code !== 1000) this.#say(true);
        resolve(stood);
      };
    });
  }

  #take(data: unknown): void {
    try {
      if (typeof data === 'string') this.#tell(JSON.parse(data) as ProjectionInfo);
      else if (data instanceof ArrayBuffer) this.listener.frame(frameOf(data));
    } catch (thrown) {
      this.listener.failed(thrown);
    }
  }
}

export function createProjectionSource(client: Client): ProjectionSource {
  const post = <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> =>
    client.json<T>(path, { method: 'POST', body, signal });
  return {
    methods: async (signal) =>
      (await client.json<{ methods: MethodInfo[] }>(apiPath('methods'), { signal })).methods,
    forecast: (entry, request, signal) =>
      post(apiPath('projections', 'estimate'), bodyOf(entry, request), signal),
    start: (entry, request, signal) => post(apiPath('projections'), bodyOf(entry, request), signal),
    follow: (key, listener) => new Watch(client, key, listener),
  };
}
