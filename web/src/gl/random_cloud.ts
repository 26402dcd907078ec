// SPDX-License-Identifier: Apache-2.0
// Repeatable random points for the tests of this folder.

import type { Columns } from './tier';

/** A generator of 0..1 (mulberry32): the same numbers for the same seed everywhere. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** n points in -1..1, some of them NaN. */
export function randomCloud(n: number, next: () => number): Columns {
  const column = (): Float32Array => Float32Array.from({ length: n }, () => next() * 2 - 1);
  const cloud = { x: column(), y: column(), z: column() };
  for (let i = 7; i < n; i += 31) cloud.x[i] = NaN;
  return cloud;
}
