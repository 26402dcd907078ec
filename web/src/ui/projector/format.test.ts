// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import {
  formatMemory,
  formatSpan,
  formatCount,
  formatDrawn,
  formatDuration,
  formatNumber,
  formatShare,
  plural,
} from './format';

it('writes counts with separators and the right noun', () => {
  expect(formatCount(70000)).toBe('70,000');
  expect(plural(1, 'point')).toBe('1 point');
  expect(plural(2, 'class', 'classes')).toBe('2 classes');
});

it('writes shares so that small ones are not lost', () => {
  expect([0.0971, 0, 0.0004, 0.000001, 1].map(formatShare)).toEqual([
    '9.7 %',
    '0.0 %',
    '0.04 %',
    '<0.01 %',
    '100.0 %',
  ]);
  expect(formatShare(NaN)).toBe('–');
});

it('writes numbers with four significant digits', () => {
  expect([0.012345, 1234.5, 0, 5.4e-9, 2e12, NaN].map(formatNumber)).toEqual([
    '0.01235',
    '1,235',
    '0',
    '5.4e-9',
    '2e+12',
    '–',
  ]);
});

it('writes spans of time and memory as one would say them', () => {
  expect([0, 3.14, 9.97, 48.4, 130, 900, 3900].map(formatSpan)).toEqual([
    '0.1 s',
    '3.1 s',
    '10 s',
    '48 s',
    '2 min 10 s',
    '15 min',
    '65 min',
  ]);
  expect(formatSpan(4 * 3600 + 300)).toBe('4 h 5 min');
  expect([1, 61.4e6, 999.9e6, 1.44e9].map(formatMemory)).toEqual([
    '1 MB',
    '61 MB',
    '1.0 GB',
    '1.4 GB',
  ]);
});

it('says how many points are in the picture', () => {
  expect(formatDrawn(5, 5)).toBe('drawn all');
  expect(formatDrawn(412, 70000)).toBe('drawn 412 of 70,000');
});

it('writes durations in the unit one would say', () => {
  expect([0.00092, 0.0934, 1.34].map(formatDuration)).toEqual(['0.9 ms', '93 ms', '1.3 s']);
});
