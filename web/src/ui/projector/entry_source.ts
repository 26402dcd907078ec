// SPDX-License-Identifier: Apache-2.0
// Everything one entry can be asked for, asked once: columns and components are kept, requests wait
// for an upload that is still under way, and all of it stops with the signal.

import type { SpriteAtlas } from '../../scene/scene';
import {
  asFailure,
  isAbort,
  type ColumnValues,
  type DatasetInfo,
  type EntryRef,
  type PcaInfo,
  type ProjectorApi,
} from './api';

export interface ColumnData extends ColumnValues {
  /** Per position an index into values, or MISSING_CODE. */
  codes: Uint32Array;
}

const WAIT_MS = { usual: 1000, arrival: 250, min: 200, max: 10_000 };
const YOUNG_MS = 600_000;

/**
 * Whether an asset that the server does not know may still be on its way: a script prints the link
 * before its upload is done. Ids are UUIDs of version 7, whose first 48 bits are the time in ms.
 */
export function isYoung(id: string, now = Date.now()): boolean {
  if (!/^[0-9a-f]{12}7[0-9a-f]{19}$/.test(id)) return false;
  return Math.abs(now - parseInt(id.slice(0, 12), 16)) < YOUNG_MS;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new DOMException('The entry is no longer wanted.', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/**
 * Asks again for as long as the answer is "not uploaded yet"; tells each time it has to wait.
 * `id` is what "not found" would speak of: a young one is waited for.
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  signal: AbortSignal,
  onWait: (message: string) => void,
  id = '',
): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      const failure = asFailure(thrown);
      const arriving = failure.code === 'not_found' && isYoung(id);
      if (isAbort(thrown) || !(arriving || failure.code === 'unavailable')) throw thrown;
      onWait(arriving ? 'The server has not received it yet.' : failure.message);
      const wait = failure.retryAfterMs ?? (arriving ? WAIT_MS.arrival : WAIT_MS.usual);
      await pause(Math.min(WAIT_MS.max, Math.max(WAIT_MS.min, wait)), signal);
    }
  }
}

export class EntrySource {
  readonly #columns = new Map<number, Promise<ColumnData>>();
  readonly #numbers = new Map<number, Promise<Float32Array>>();
  readonly #components = new Map<number, Promise<Float32Array>>();
  #dataset: Promise<DatasetInfo> | null = null;
  #order: Promise<Uint32Array> | null = null;
  #pca: Promise<PcaInfo> | null = null;

  constructor(
    readonly api: ProjectorApi,
    readonly ref: EntryRef,
    readonly signal: AbortSignal,
    readonly onWait: (message: string) => void,
  ) {}

  #ask<T>(ask: () => Promise<T>): Promise<T> {
    return patiently(ask, this.signal, this.onWait, this.ref.template);
  }

  dataset(): Promise<DatasetInfo> {
    return (this.#dataset ??= this.#ask(() => this.api.dataset(this.ref, this.signal)));
  }

  order(): Promise<Uint32Array> {
    return (this.#order ??= this.#ask(() => this.api.order(this.ref, this.signal)));
  }

  pca(): Promise<PcaInfo> {
    return (this.#pca ??= this.#ask(() => this.api.pca(this.ref, this.signal)));
  }

  /** Components that are not there yet are asked for in one request. */
  async components(wanted: readonly number[]): Promise<Float32Array[]> {
    const absent = [...new Set(wanted)].filter((one) => !this.#components.has(one));
    if (absent.length > 0) {
      const answer = this.#ask(() => this.api.pcaCoordinates(this.ref, absent, this.signal));
      for (const [i, component] of absent.entries()) {
        const one = answer.then((blocks) => {
          const block = blocks[i];
          if (block === undefined)
            throw new Error(`Component ${component + 1} is not in the answer.`);
          return block;
        });
        one.catch(() => this.#components.delete(component));
        this.#components.set(component, one);
      }
    }
    return Promise.all(
      wanted.map((one) => this.#components.get(one) ?? Promise.reject(new Error())),
    );
  }

  /**
   * Coordinates for x, y and z; an axis whose component does not exist is null. Where no row could be
   * projected there are no components at all, and nothing has a place.
   */
  async axes(wanted: readonly number[]): Promise<(Float32Array | null)[]> {
    const { n_components: count } = await this.pca();
    if (count === 0) {
      const nowhere = new Float32Array((await this.order()).length).fill(NaN);
      return wanted.map(() => nowhere);
    }
    const there = wanted.filter((one) => one < count);
    const found = there.length > 0 ? await this.components(there) : [];
    return wanted.map((one) => found[there.indexOf(one)] ?? null);
  }

  column(index: number): Promise<ColumnData> {
    const known = this.#columns.get(index);
    if (known !== undefined) return known;
    const asked = Promise.all([
      this.#ask(() => this.api.codes(this.ref, index, this.signal)),
      this.#ask(() => this.api.values(this.ref, index, this.signal)),
    ]).then(([codes, { values, counts }]) => ({ codes, values, counts }));
    asked.catch(() => this.#columns.delete(index));
    this.#columns.set(index, asked);
    return asked;
  }

  numbers(index: number): Promise<Float32Array> {
    const known = this.#numbers.get(index);
    if (known !== undefined) return known;
    const asked = this.#ask(() => this.api.numbers(this.ref, index, this.signal));
    asked.catch(() => this.#numbers.delete(index));
    this.#numbers.set(index, asked);
    return asked;
  }

  /** The whole sprite, decoded; null when the entry has none. */
  async sprite(): Promise<SpriteAtlas | null> {
    const { sprite } = await this.dataset();
    if (sprite === null) return null;
    const blob = await this.#ask(() =>
      this.api.image(this.ref.experiment, sprite.asset_id, this.signal),
    );
    const image = await createImageBitmap(blob);
    const columns = Math.floor(image.width / sprite.tile_width);
    if (this.signal.aborted || columns < 1) {
      const size = `${image.width} x ${image.height}`;
      image.close();
      if (this.signal.aborted) throw new DOMException('No longer wanted.', 'AbortError');
      throw new Error(`The sprite is ${size} pixels, smaller than one tile.`);
    }
    return { tileWidth: sprite.tile_width, tileHeight: sprite.tile_height, columns, image };
  }
}
