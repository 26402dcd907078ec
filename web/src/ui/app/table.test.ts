// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { formatSort, groupRows, nextSort, parseSort, searchRows, sortRows } from './table';

const rows = [
  { id: 1, name: 'run 10', step: 5 },
  { id: 2, name: 'Run 9', step: null },
  { id: 3, name: 'alpha', step: 5 },
  { id: 4, name: 'Ärger', step: 1 },
];
const ids = (some: { id: number }[]): number[] => some.map(({ id }) => id);

describe('table', () => {
  it('sorts names as people count, whatever their case', () => {
    expect(ids(sortRows(rows, (row) => row.name, false))).toEqual([3, 4, 2, 1]);
  });

  it('keeps equal rows in order and rows without a value last, in both directions', () => {
    expect(ids(sortRows(rows, (row) => row.step, false))).toEqual([4, 1, 3, 2]);
    expect(ids(sortRows(rows, (row) => row.step, true))).toEqual([1, 3, 4, 2]);
  });

  it('leaves the rows it was given as they are', () => {
    sortRows(rows, (row) => row.name, true);
    expect(ids(rows)).toEqual([1, 2, 3, 4]);
  });

  it('finds rows that have every word, in any field and any case', () => {
    const fields = (row: (typeof rows)[number]): (string | null)[] => [
      row.name,
      `step${row.step ?? ''}`,
    ];
    expect(ids(searchRows(rows, '  RUN step5 ', fields))).toEqual([1]);
    expect(ids(searchRows(rows, 'nowhere', fields))).toEqual([]);
    expect(ids(searchRows(rows, ' ', fields))).toEqual([1, 2, 3, 4]);
  });

  it('does not find a word across the border of two fields', () => {
    expect(searchRows([{ a: 'ab', b: 'cd' }], 'bc', (row) => [row.a, row.b])).toEqual([]);
  });

  it('turns the direction on the second click', () => {
    const first = nextSort({ column: 'name', descending: false }, 'step', true);
    expect(first).toEqual({ column: 'step', descending: true });
    expect(nextSort(first, 'step', true)).toEqual({ column: 'step', descending: false });
  });

  it('reads back the sort it wrote and ignores columns it does not know', () => {
    const fallback = { column: 'name', descending: false };
    for (const sort of [fallback, { column: 'step', descending: true }]) {
      expect(parseSort(formatSort(sort), ['name', 'step'], fallback)).toEqual(sort);
    }
    expect(parseSort('-nothing', ['name'], fallback)).toBe(fallback);
    expect(parseSort(null, ['name'], fallback)).toBe(fallback);
  });

  it('groups with the known groups first, then by name', () => {
    const grouped = groupRows(['b', 'z', 'a', 'b'], (row) => row, ['z']);
    expect(grouped).toEqual([
      { name: 'z', rows: ['z'] },
      { name: 'a', rows: ['a'] },
      { name: 'b', rows: ['b', 'b'] },
    ]);
  });
});
