// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { ProjectorApi } from './api';
import { EntrySource, isYoung, patiently } from './entry_source';

class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(`refused: ${code}`);
  }
}

const REF = { experiment: 'e', template: 't', entry: 0 };

/** Answers components below k; everything else is not asked for in these tests. */
function apiWith(k: number, asked: number[][]): ProjectorApi {
  const never = (): Promise<never> => Promise.reject(new Error('not asked for'));
  return {
    template: never,
    dataset: never,
    order: () => Promise.resolve(Uint32Array.of(1, 0)),
    codes: (_, column) => Promise.resolve(Uint32Array.of(column)),
    values: (_, column) => {
      asked.push([column]);
      return Promise.resolve({ values: [`v${column}`], counts: [1] });
    },
    numbers: never,
    image: never,
    pca: () =>
      Promise.resolve({
        method: 'pca',
        n_components: k,
        explained_variance: [],
        explained_variance_ratio: [],
        total_variance: 0,
        n_rows_used: 1,
        n_rows_left_out: 0,
        seconds: 0,
        key: '',
        notes: [],
      }),
    pcaCoordinates: (_, components) => {
      asked.push(components);
      if (components.some((one) => one >= k))
        return Promise.reject(new Refusal('invalid_argument'));
      return Promise.resolve(components.map((one) => Float32Array.of(one)));
    },
  };
}

const sourceOf = (api: ProjectorApi, abort = new AbortController()): EntrySource =>
  new EntrySource(api, REF, abort.signal, () => undefined);

it('asks again while something is still being uploaded, and tells so', async () => {
  let refusals = 2;
  const told: string[] = [];
  const ask = (): Promise<string> =>
    refusals-- > 0 ? Promise.reject(new Refusal('unavailable', 1)) : Promise.resolve('here');
  const answer = await patiently(ask, new AbortController().signal, (text) => told.push(text));
  expect(answer).toBe('here');
  expect(told).toEqual(['refused: unavailable', 'refused: unavailable']);
});

it('waits for what is not found only if its id is young', async () => {
  const made = (ms: number): string => `${ms.toString(16).padStart(12, '0')}7${'0'.repeat(19)}`;
  const now = Date.now();
  expect(isYoung(made(now - 5000))).toBe(true);
  expect(isYoung(made(now - 3_600_000))).toBe(false);
  expect(isYoung('four points')).toBe(false);
  let refusals = 2;
  const ask = (): Promise<string> =>
    refusals-- > 0 ? Promise.reject(new Refusal('not_found', 1)) : Promise.resolve('here');
  const { signal } = new AbortController();
  await expect(patiently(ask, signal, () => undefined, made(now))).resolves.toBe('here');
  refusals = 2;
  await expect(patiently(ask, signal, () => undefined, made(0))).rejects.toThrow('not_found');
});

it('does not ask again after any other refusal', async () => {
  let asked = 0;
  const ask = (): Promise<never> => {
    asked += 1;
    return Promise.reject(new Refusal('corrupt'));
  };
  const answer = patiently(ask, new AbortController().signal, () => undefined);
  await expect(answer).rejects.toThrow('corrupt');
  expect(asked).toBe(1);
});

it('stops waiting as soon as the entry is no longer wanted', async () => {
  const abort = new AbortController();
  const ask = (): Promise<never> => Promise.reject(new Refusal('unavailable', 10_000));
  const answer = patiently(ask, abort.signal, () => abort.abort());
  await expect(answer).rejects.toHaveProperty('name', 'AbortError');
});

it('asks for the axes in one request and never for a component twice', async () => {
  const asked: number[][] = [];
  const source = sourceOf(apiWith(10, asked));
  expect((await source.axes([0, 1, 2])).map((axis) => axis?.[0])).toEqual([0, 1, 2]);
  expect((await source.axes([3, 1, 0])).map((axis) => axis?.[0])).toEqual([3, 1, 0]);
  expect(asked).toEqual([[0, 1, 2], [3]]);
});

it('leaves an axis empty when there are fewer components', async () => {
  const asked: number[][] = [];
  const axes = await sourceOf(apiWith(2, asked)).axes([0, 1, 2]);
  expect(axes.map((axis) => axis?.[0] ?? null)).toEqual([0, 1, null]);
  // A refused request would stand as an error in the browser's console.
  expect(asked).toEqual([[0, 1]]);
});

it('gives no point a place when there are no components', async () => {
  const asked: number[][] = [];
  const axes = await sourceOf(apiWith(0, asked)).axes([0, 1]);
  expect(axes.map((axis) => [...(axis ?? [])])).toEqual([
    [NaN, NaN],
    [NaN, NaN],
  ]);
  expect(asked).toEqual([]);
});

it('asks for a column once', async () => {
  const asked: number[][] = [];
  const source = sourceOf(apiWith(2, asked));
  const [one, two] = await Promise.all([source.column(4), source.column(4)]);
  expect(one).toBe(two);
  expect(asked).toEqual([[4]]);
});
