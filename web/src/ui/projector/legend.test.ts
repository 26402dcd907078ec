// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MISSING_CODE } from './api';
import {
  isFiltering,
  isShown,
  legendRows,
  searchLegend,
  SHOW_ALL,
  soloValue,
  toggleValue,
  visibleMask,
} from './legend';

const VALUES = ['cat', 'dog', 'ant'];
const CODES = Uint32Array.of(0, 1, 2, MISSING_CODE, 0);

describe('the legend filter', () => {
  it('hides a class on a click and shows it on the next', () => {
    const hidden = toggleValue(SHOW_ALL, 'dog');
    expect(isShown(hidden, 'dog')).toBe(false);
    expect(isShown(hidden, 'cat')).toBe(true);
    expect(isFiltering(toggleValue(hidden, 'dog'))).toBe(false);
  });

  it('shows a class alone on a Shift-click and all on the next', () => {
    const solo = soloValue(toggleValue(SHOW_ALL, 'dog'), 'dog');
    expect(VALUES.map((value) => isShown(solo, value))).toEqual([false, true, false]);
    expect(isShown(solo, null)).toBe(false);
    expect(isFiltering(soloValue(solo, 'dog'))).toBe(false);
  });

  it('adds classes to a solo with further clicks, and gives all back with the last', () => {
    const two = toggleValue(soloValue(SHOW_ALL, 'dog'), 'ant');
    expect(VALUES.map((value) => isShown(two, value))).toEqual([false, true, true]);
    const none = toggleValue(toggleValue(two, 'ant'), 'dog');
    expect(isFiltering(none)).toBe(false);
  });

  it('makes a mask per position, missing values included', () => {
    expect(visibleMask(CODES, VALUES, SHOW_ALL)).toBeNull();
    expect([...(visibleMask(CODES, VALUES, toggleValue(SHOW_ALL, 'cat')) ?? [])]).toEqual([
      0, 1, 1, 1, 0,
    ]);
    expect([...(visibleMask(CODES, VALUES, soloValue(SHOW_ALL, null)) ?? [])]).toEqual([
      0, 0, 0, 1, 0,
    ]);
  });
});

describe('legend rows', () => {
  const rows = legendRows({
    values: VALUES,
    counts: [2, 1, 1],
    nMissing: 1,
    slotOfCode: Uint8Array.of(2, 3, 1),
    filter: toggleValue(SHOW_ALL, 'ant'),
    selected: { counts: Uint32Array.of(1, 0, 0), missing: 1 },
  });

  it('lists values by frequency with colour, state and the share of the selection', () => {
    expect(rows.map((row) => [row.value, row.count, row.slot, row.shown, row.selected])).toEqual([
      ['cat', 2, 2, true, 1],
      ['dog', 1, 3, true, 0],
      ['ant', 1, 1, false, 0],
      [null, 1, 0, true, 1],
    ]);
  });

  it('lists a few numbers by their size, whatever their frequency', () => {
    const numbered = legendRows({
      values: ['10', '9', '-1'],
      counts: [5, 3, 1],
      nMissing: 2,
      slotOfCode: Uint8Array.of(1, 2, 3),
      filter: SHOW_ALL,
      selected: null,
    });
    expect(numbered.map((row) => row.value)).toEqual(['-1', '9', '10', null]);
    expect(numbered.map((row) => row.code)).toEqual([2, 1, 0, MISSING_CODE]);
  });

  it('finds values ignoring case and form', () => {
    expect(searchLegend(rows, 'DO').map((row) => row.value)).toEqual(['dog']);
    expect(searchLegend(rows, '').length).toBe(4);
    expect(searchLegend(rows, 'zebra')).toEqual([]);
  });
});
