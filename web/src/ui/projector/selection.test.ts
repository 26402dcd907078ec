// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MISSING_CODE } from './api';
import {
  combine,
  countCodes,
  formatRows,
  invertOrder,
  parseRows,
  positionsOf,
  rowsOf,
} from './selection';

const u32 = (...values: number[]): Uint32Array => Uint32Array.from(values);

describe('combine', () => {
  it('replaces, adds, takes away and toggles', () => {
    expect([...combine(u32(1, 2), u32(9, 4, 9), 'replace')]).toEqual([4, 9]);
    expect([...combine(u32(1, 2), u32(10, 2), 'add')]).toEqual([1, 2, 10]);
    expect([...combine(u32(1, 2, 3), u32(2, 7), 'remove')]).toEqual([1, 3]);
    expect([...combine(u32(1, 2), u32(2, 3), 'toggle')]).toEqual([1, 3]);
  });

  it('does not change what it was given', () => {
    const incoming = u32(3, 1);
    combine(u32(), incoming, 'replace');
    expect([...incoming]).toEqual([3, 1]);
  });
});

describe('countCodes', () => {
  it('counts the selected of each class and the missing apart', () => {
    const found = countCodes(u32(0, 1, 1, MISSING_CODE, 2), u32(1, 2, 3), 3);
    expect([...found.counts]).toEqual([0, 2, 0]);
    expect(found.missing).toBe(1);
  });
});

describe('rows and positions', () => {
  it('are each other’s inverse', () => {
    const order = u32(3, 0, 2, 1);
    const inverse = invertOrder(order);
    expect([...inverse]).toEqual([1, 3, 2, 0]);
    expect([...rowsOf(u32(0, 3), order)]).toEqual([1, 3]);
    expect([...positionsOf(u32(1, 3), inverse)]).toEqual([0, 3]);
  });

  it('drops rows that a shorter dataset does not have', () => {
    expect([...positionsOf(u32(1, 50), invertOrder(u32(1, 0)))]).toEqual([0]);
  });
});

describe('rows in an address', () => {
  it.each([[[]], [[5]], [[0, 1, 2]], [[3, 4, 5, 9, 11, 12]]])('round-trip %j', (rows) => {
    expect([...parseRows(formatRows(u32(...rows)))]).toEqual(rows);
  });

  it('are written as ranges', () => {
    expect(formatRows(u32(3, 4, 5, 9))).toBe('3-5,9');
  });

  it('leave out what makes no sense and never grow without bound', () => {
    expect([...parseRows('7,x,-3,2-1,1e9,4-5')]).toEqual([4, 5, 7]);
    expect(parseRows('0-4000000000').length).toBe(0);
  });
});
