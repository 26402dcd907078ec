// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatDuration,
  formatNumber,
  formatPlural,
  formatSize,
  formatValue,
} from './format';

describe('format', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [10_240, '10 KiB'],
    [1_048_575, '1 MiB'],
    [219_520_000, '209 MiB'],
    [5 * 1024 ** 4, '5 TiB'],
    [3000 * 1024 ** 4, '3000 TiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  const now = Date.UTC(2026, 5, 15, 12);
  it.each([
    [0, 'just now'],
    [44_000, 'just now'],
    [46_000, '1 min ago'],
    [59 * 60_000, '59 min ago'],
    [59.8 * 60_000, '1 h ago'],
    [23 * 3_600_000, '23 h ago'],
    [23.9 * 3_600_000, '1 day ago'],
    [3 * 86_400_000, '3 days ago'],
    [-30_000, 'just now'],
  ])('calls %d ms ago "%s"', (passed, text) => {
    expect(formatAgo(now - passed, now)).toBe(text);
  });

  it('writes the date of what is a week old, with the year when it is another', () => {
    expect(formatAgo(Date.UTC(2026, 4, 3, 12), now)).toBe('3 May');
    expect(formatAgo(Date.UTC(2024, 4, 3, 12), now)).toBe('3 May 2024');
  });

  it.each([
    [850, '850 ms'],
    [12_400, '12.4 s'],
    [59_960, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 05 min'],
    [273_600_000, '3 d 4 h'],
    [-5, '0 ms'],
  ])('writes a duration of %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it.each([
    [0, '0'],
    [1234567, '1,234,567'],
    [0.1 + 0.2, '0.3'],
    [0.123456789, '0.12346'],
    [-0.5, '−0.5'],
    [0.00001234, '1.234e−5'],
    [2_500_000.5, '2.5e6'],
    [NaN, 'NaN'],
    [-Infinity, '−∞'],
  ])('writes the value %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('counts one and many', () => {
    expect(formatPlural(1, 'point')).toBe('1 point');
    expect(formatPlural(70_000, 'point')).toBe('70,000 points');
  });

  it('writes logged values of any type', () => {
    expect(formatValue('a')).toBe('a');
    expect(formatValue(null)).toBe('');
    expect(formatValue([1, { a: true }])).toBe('[1,{"a":true}]');
  });
});
