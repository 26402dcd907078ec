// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { DIMMED, HIDDEN, NORMAL, ROWS_PER_STEP, SELECTED } from '../gl/tier';
import { Points, boxBetween, boxOf, mixColumns, placed } from './points';
import { random, randomCloud } from '../gl/random_cloud';

const normalised = (x: Float32Array, y: Float32Array, z: Float32Array | null) =>
  placed(x, y, z, boxOf(x, y, z));

describe('points', () => {
  it('are scaled into -1..1 with one scale for all axes', () => {
    const x = new Float32Array([0, 10, 5, NaN]);
    const y = new Float32Array([0, 4, 2, 1000]);
    const { x: nx, y: ny, z: nz } = normalised(x, y, null);
    expect([...nx].slice(0, 3)).toEqual([-1, 1, 0]);
    expect(ny[0]).toBeCloseTo(-0.4);
    expect(ny[1]).toBeCloseTo(0.4);
    expect(nx[3]).toBeNaN();
    expect([...nz]).toEqual([0, 0, 0, 0]);
  });

  it('stay finite when all are one place, or none are finite', () => {
    const same = normalised(new Float32Array([3, 3]), new Float32Array([3, 3]), null);
    expect([...same.x, ...same.y]).toEqual([0, 0, 0, 0]);
    const none = normalised(new Float32Array([NaN]), new Float32Array([1]), null);
    expect(none.x[0]).toBeNaN();
  });

  it('hide NaN and masked points; a selection dims the rest', () => {
    const points = new Points();
    points.setColumns({
      x: new Float32Array([0, NaN, 0, 0]),
      y: new Float32Array(4),
      z: new Float32Array(4),
    });
    expect([...points.states]).toEqual([NORMAL, HIDDEN, NORMAL, NORMAL]);
    points.setMask(new Uint8Array([1, 1, 0, 1]));
    points.setSelected(new Uint32Array([0, 1, 2, 99]));
    expect([...points.states]).toEqual([SELECTED, HIDDEN, HIDDEN, DIMMED]);
    points.setSelected(null);
    expect([...points.states]).toEqual([NORMAL, HIDDEN, HIDDEN, NORMAL]);
  });

  it('count what a prefix draws, for every prefix', () => {
    const n = 2 * ROWS_PER_STEP + 77;
    const points = new Points();
    points.setColumns(randomCloud(n, random(1)));
    let count = 0;
    for (let prefix = 0; prefix <= n; prefix++) {
      if (prefix % 61 === 0 || prefix % ROWS_PER_STEP < 2 || prefix === n) {
        expect(points.countBefore(prefix)).toBe(count);
      }
      count += points.states[prefix] === NORMAL ? 1 : 0;
    }
  });

  it('move on without new states, unless one comes or goes', () => {
    const zero = new Float32Array(3);
    const points = new Points();
    points.setColumns({ x: Float32Array.of(0, NaN, 1), y: zero, z: zero });
    const { states } = points;
    expect(points.moveColumns({ x: Float32Array.of(2, NaN, 3), y: zero, z: zero })).toBe(true);
    expect(points.states).toBe(states);
    expect(points.radius).toBeCloseTo(3.06);
    expect(points.moveColumns({ x: Float32Array.of(2, 1, 3), y: zero, z: zero })).toBe(false);
    expect([...points.states]).toEqual([NORMAL, NORMAL, NORMAL]);
    points.setMask(new Uint8Array([1, 0, 1]));
    const masked = points.states;
    expect(points.moveColumns({ x: Float32Array.of(0, 1, 2), y: zero, z: zero })).toBe(true);
    expect(points.states).toBe(masked);
  });

  it('have a frame that follows them part of the way, its size by ratio', () => {
    const a = boxOf(Float32Array.of(-1, 1), Float32Array.of(0, 1), null);
    const b = boxOf(Float32Array.of(0, 200), Float32Array.of(0, 1), Float32Array.of(4, 4));
    expect(a).toEqual({ middle: [0, 0.5, 0], half: 1 });
    expect(b).toEqual({ middle: [100, 0.5, 4], half: 100 });
    const half = boxBetween(a, b, 0.5);
    expect(half.middle).toEqual([50, 0.5, 2]);
    expect(half.half).toBeCloseTo(10);
    expect(boxBetween(a, b, 1)).toEqual(b);
  });

  it('glide between places, at once where the old one is missing', () => {
    const a = { x: new Float32Array([0, NaN]), y: new Float32Array(2), z: new Float32Array(2) };
    const b = { x: new Float32Array([4, 8]), y: new Float32Array(2), z: new Float32Array(2) };
    expect([...mixColumns(a, b, 0.25).x]).toEqual([1, 8]);
  });
});
