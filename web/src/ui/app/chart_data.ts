// SPDX-License-Identifier: Apache-2.0
// From logged points to what a chart draws. Pure.

import type { MetricPoint } from '../../api/types';

export type ChartAxis = 'step' | 'epoch' | 'time';

export interface Curve {
  /** Ascending. Steps, epochs, or seconds since the epoch. */
  x: number[];
  /** null is a gap: not finite, or not drawable on a logarithmic scale. */
  y: (number | null)[];
  /** Points that have no place on this axis: logged without a step or an epoch. */
  nWithoutX: number;
  nNotFinite: number;
  /** Zero or negative on a logarithmic scale. */
  nNotPositive: number;
}

/** The axis that suits points best: steps if any has one, then epochs, else time. */
export function suggestAxis(points: readonly MetricPoint[]): ChartAxis {
  if (points.some(([step]) => step !== null)) return 'step';
  return points.some(([, epoch]) => epoch !== null) ? 'epoch' : 'time';
}

function place(point: MetricPoint, axis: ChartAxis): number | null {
  if (axis === 'step') return point[0];
  return axis === 'epoch' ? point[1] : point[2] / 1000;
}

export function makeCurve(
  points: readonly MetricPoint[],
  axis: ChartAxis,
  logarithmic: boolean,
): Curve {
  const curve: Curve = { x: [], y: [], nWithoutX: 0, nNotFinite: 0, nNotPositive: 0 };
  const placed: { x: number; value: number | null }[] = [];
  for (const point of points) {
    const x = place(point, axis);
    if (x === null) {
      curve.nWithoutX += 1;
      continue;
    }
    let value = typeof point[3] === 'number' ? point[3] : null;
    if (value === null) curve.nNotFinite += 1;
    else if (logarithmic && value <= 0) {
      curve.nNotPositive += 1;
      value = null;
    }
    placed.push({ x, value });
  }
  // Logged order is kept among equals, so that of two values at one step the later one is drawn last.
  placed.sort((a, b) => a.x - b.x);
  for (const { x, value } of placed) {
    if (curve.x.at(-1) === x) curve.y[curve.y.length - 1] = value;
    else {
      curve.x.push(x);
      curve.y.push(value);
    }
  }
  return curve;
}

/** What is not on the chart, in words; empty when everything is. */
export function leftOut(curves: readonly Curve[], axis: ChartAxis): string {
  const sum = (of: (curve: Curve) => number): number =>
    curves.reduce((total, curve) => total + of(curve), 0);
  const parts: string[] = [];
  const notFinite = sum((curve) => curve.nNotFinite);
  const notPositive = sum((curve) => curve.nNotPositive);
  const withoutX = sum((curve) => curve.nWithoutX);
  if (notFinite > 0) parts.push(`${notFinite} not finite`);
  if (notPositive > 0) parts.push(`${notPositive} zero or negative`);
  if (withoutX > 0) parts.push(`${withoutX} without ${axis === 'epoch' ? 'an epoch' : 'a step'}`);
  return parts.length === 0 ? '' : `Left out: ${parts.join(', ')}`;
}
