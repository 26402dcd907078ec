// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { MetricPoint } from '../../api/types';
import { leftOut, makeCurve, suggestAxis } from './chart_data';

const points: MetricPoint[] = [
  [2, 0, 3000, 0.5],
  [1, 0, 1000, 1],
  [3, 1, 5000, 'NaN'],
  [4, 1, 6000, -1],
  [4, 1, 7000, 2],
  [null, 1, 8000, 9],
];

describe('chart data', () => {
  it('orders by the axis, and the later of two values at one place counts', () => {
    const curve = makeCurve(points, 'step', false);
    expect(curve.x).toEqual([1, 2, 3, 4]);
    expect(curve.y).toEqual([1, 0.5, null, 2]);
    expect(curve).toMatchObject({ nWithoutX: 1, nNotFinite: 1, nNotPositive: 0 });
  });

  it('measures time in seconds', () => {
    expect(makeCurve(points, 'time', false).x).toEqual([1, 3, 5, 6, 7, 8]);
  });

  it('counts what a logarithmic scale cannot show, and says so', () => {
    const curve = makeCurve(points, 'time', true);
    expect(curve.y).toEqual([1, 0.5, null, null, 2, 9]);
    expect(leftOut([curve], 'time')).toBe('Left out: 1 not finite, 1 zero or negative');
    expect(leftOut([makeCurve([[1, null, 0, 3]], 'step', false)], 'step')).toBe('');
  });

  it('takes steps for the axis if there are any, then epochs, then time', () => {
    expect(suggestAxis(points)).toBe('step');
    expect(suggestAxis([[null, 1, 0, 1]])).toBe('epoch');
    expect(suggestAxis([[null, null, 0, 1]])).toBe('time');
  });
});
