// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { DIMMED, HIDDEN, NORMAL, ROWS_PER_STEP, SELECTED } from '../gl/tier';
import { Points, mixColumns, normalised } from './points';
import { random, randomCloud } from '../gl/random_cloud';

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

  it('glide between places, at once where the old one is missing', () => {
    const a = { x: new Float32Array([0, NaN]), y: new Float32Array(2), z: new Float32Array(2) };
    const b = { x: new Float32Array([4, 8]), y: new Float32Array(2), z: new Float32Array(2) };
    expect([...mixColumns(a, b, 0.25).x]).toEqual([1, 8]);
  });
});
