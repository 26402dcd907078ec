// SPDX-License-Identifier: Apache-2.0
// Selections are ascending lists of draw positions inside the app and of rows outside it (in the
// address, across entries), because the draw order belongs to one dataset and rows to the person.

import { MISSING_CODE } from './api';
import type { CodeCounts } from './legend';

export type SelectMode = 'replace' | 'add' | 'remove' | 'toggle';

const EMPTY = new Uint32Array(0);

/** incoming need not be sorted. Returns ascending positions without repetition. */
export function combine(
  current: Uint32Array,
  incoming: Uint32Array,
  mode: SelectMode,
): Uint32Array {
  if (mode === 'replace') return sortedUnique(incoming);
  const set = new Set(current);
  for (const position of incoming) {
    if (mode === 'remove' || (mode === 'toggle' && set.has(position))) set.delete(position);
    else set.add(position);
  }
  return Uint32Array.from(set).sort();
}

function sortedUnique(positions: Uint32Array): Uint32Array {
  const sorted = positions.slice().sort();
  let n = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[n++] = sorted[i] ?? 0;
  }
  return sorted.subarray(0, n);
}

/** How many of the positions have each code. */
export function countCodes(
  codes: Uint32Array,
  positions: Uint32Array,
  nValues: number,
): CodeCounts {
  const counts = new Uint32Array(nValues);
  let missing = 0;
  for (const position of positions) {
    const code = codes[position] ?? MISSING_CODE;
    if (code === MISSING_CODE) missing += 1;
    else counts[code] = (counts[code] ?? 0) + 1;
  }
  return { counts, missing };
}

/** row -> position, from position -> row. */
export function invertOrder(order: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(order.length);
  for (let position = 0; position < order.length; position++)
    inverse[order[position] ?? 0] = position;
  return inverse;
}

/** Rows of positions, ascending. */
export function rowsOf(positions: Uint32Array, order: Uint32Array): Uint32Array {
  return positions.map((position) => order[position] ?? 0).sort();
}

/** Positions of rows, ascending; rows beyond this dataset are dropped. */
export function positionsOf(rows: Uint32Array, inverse: Uint32Array): Uint32Array {
  const here = rows.filter((row) => row < inverse.length);
  return here.map((row) => inverse[row] ?? 0).sort();
}

/** 3,4,5,9 -> "3-5,9". rows ascending. */
export function formatRows(rows: Uint32Array): string {
  const parts: string[] = [];
  for (let i = 0; i < rows.length;) {
    let end = i;
    while (end + 1 < rows.length && rows[end + 1] === (rows[end] ?? 0) + 1) end += 1;
    parts.push(end === i ? String(rows[i]) : `${rows[i]}-${rows[end]}`);
    i = end + 1;
  }
  return parts.join(',');
}

const MAX_ROWS = 1_000_000;

/** The inverse of formatRows. Anyone may write an address: what is not understood is left out. */
export function parseRows(text: string): Uint32Array {
  const rows = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part);
    if (match === null) continue;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last - first >= MAX_ROWS || last > 0xfffffffe) continue;
    for (let row = first; row <= last && rows.size < MAX_ROWS; row++) rows.add(row);
  }
  return rows.size === 0 ? EMPTY : Uint32Array.from(rows).sort();
}
