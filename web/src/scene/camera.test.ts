// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  basis,
  between,
  checked,
  fitTo,
  lookAlong,
  orbit,
  pan,
  project,
  startCamera,
  unproject,
  viewOf,
  zoomTo,
  type Vec3,
} from './camera';
import type { CameraState } from './types';
import { random } from '../gl/random_cloud';

const wide = { width: 1400, height: 900 };
const tall = { width: 390, height: 844 };

function randomCamera(next: () => number, mode: '2d' | '3d'): CameraState {
  return {
    mode,
    target: [next() - 0.5, next() - 0.5, mode === '2d' ? 0 : next() - 0.5],
    distance: 0.3 + 4 * next(),
    yaw: 6 * (next() - 0.5),
    pitch: 3 * (next() - 0.5),
    zoom: 0.3 + 8 * next(),
  };
}

describe('camera', () => {
  it('projects what unproject gave, in both modes', () => {
    const next = random(1);
    for (let trial = 0; trial < 200; trial++) {
      const camera = randomCamera(next, trial % 2 === 0 ? '2d' : '3d');
      const size = trial % 2 === 0 ? wide : tall;
      const [px, py] = [next() * size.width, next() * size.height];
      const w = camera.mode === '2d' ? 1 : 0.2 + 3 * next();
      const p = unproject(camera, size, px, py, w);
      const [x, y, depth] = project(viewOf(camera, size, 2), ...p);
      expect(x).toBeCloseTo(px, 1);
      expect(y).toBeCloseTo(py, 1);
      expect(depth).toBeCloseTo(w, 4);
    }
  });

  it('keeps the point under the pointer while zooming', () => {
    const next = random(2);
    for (let trial = 0; trial < 200; trial++) {
      const camera = randomCamera(next, trial % 2 === 0 ? '2d' : '3d');
      const size = wide;
      const [px, py] = [next() * size.width, next() * size.height];
      const under = unproject(camera, size, px, py, camera.distance);
      const zoomed = zoomTo(camera, size, px, py, 0.5 + next());
      const [x, y] = project(viewOf(zoomed, size, 2), ...under);
      expect(Math.hypot(x - px, y - py)).toBeLessThan(0.1);
    }
  });

  it('moves the picture with the pointer when panning', () => {
    const next = random(3);
    for (const mode of ['2d', '3d'] as const) {
      const camera = randomCamera(next, mode);
      const size = wide;
      const p = unproject(camera, size, 500, 400, camera.distance);
      const [x, y] = project(viewOf(pan(camera, size, 31, -17), size, 2), ...p);
      expect(x).toBeCloseTo(531, 1);
      expect(y).toBeCloseTo(383, 1);
    }
  });

  it('looks along -z at yaw 0 with x to the right and y up', () => {
    const camera = { ...startCamera(), yaw: 0, pitch: 0 };
    const view = viewOf(camera, wide, 2);
    const [cx, cy] = project(view, 0, 0, 0);
    expect([cx, cy]).toEqual([700, 450]);
    expect(project(view, 0.5, 0, 0)[0]).toBeGreaterThan(cx);
    expect(project(view, 0, 0.5, 0)[1]).toBeLessThan(cy);
    expect(project(view, 0, 0, 0.5)[2]).toBeLessThan(project(view, 0, 0, -0.5)[2]);
  });

  it('has a right-handed orthonormal basis everywhere', () => {
    const next = random(4);
    const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    for (let trial = 0; trial < 50; trial++) {
      const { right, up, forward } = basis(randomCamera(next, '3d'));
      for (const axis of [right, up, forward]) expect(dot(axis, axis)).toBeCloseTo(1, 10);
      expect(dot(right, up)).toBeCloseTo(0, 10);
      expect(dot(right, forward)).toBeCloseTo(0, 10);
      const cross = right[0] * up[1] - right[1] * up[0];
      expect(cross).toBeCloseTo(-forward[2], 10);
    }
  });

  it('looks along each axis from its positive end', () => {
    const start = startCamera();
    expect(basis(lookAlong(start, 'x', false)).forward[0]).toBeCloseTo(-1);
    expect(basis(lookAlong(start, 'y', false)).forward[1]).toBeCloseTo(-1);
    expect(basis(lookAlong(start, 'z', false)).forward[2]).toBeCloseTo(-1);
    expect(basis(lookAlong(start, 'z', true)).forward[2]).toBeCloseTo(1);
  });

  it('fits all points into the view, and fills a good part of it', () => {
    const next = random(5);
    for (let trial = 0; trial < 40; trial++) {
      const camera = randomCamera(next, trial % 2 === 0 ? '2d' : '3d');
      const size = trial % 2 === 0 ? wide : tall;
      const column = (): number[] => Array.from({ length: 50 }, () => next() * 2 - 1);
      const cloud = {
        x: column(),
        y: column(),
        z: camera.mode === '2d' ? column().fill(0) : column(),
      };
      const fitted = fitTo(camera, size, cloud, cloud.x.keys());
      const view = viewOf(fitted, size, 2);
      let reach = 0;
      for (let i = 0; i < 50; i++) {
        const [x, y, w] = project(
          view,
          cloud.x[i] as number,
          cloud.y[i] as number,
          cloud.z[i] as number,
        );
        expect(w).toBeGreaterThan(0);
        expect(x).toBeGreaterThan(0);
        expect(y).toBeGreaterThan(0);
        expect(x).toBeLessThan(size.width);
        expect(y).toBeLessThan(size.height);
        reach = Math.max(reach, Math.abs(x / size.width - 0.5), Math.abs(y / size.height - 0.5));
      }
      expect(reach).toBeGreaterThan(0.3);
    }
  });

  it('fits one point, no point and NaN without leaving the finite', () => {
    const cloud = { x: [1, NaN], y: [1, 0], z: [0, 0] };
    for (const mode of ['2d', '3d'] as const) {
      const camera = { ...startCamera(), mode };
      for (const at of [[], [0], [1], [0, 1]]) {
        const fitted = fitTo(camera, wide, cloud, at);
        expect([...fitted.target, fitted.distance, fitted.zoom].every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('flies the short way round and ends exactly at its goal', () => {
    const a = { ...startCamera(), yaw: 3 };
    const b = { ...startCamera(), yaw: -3 };
    expect(Math.abs(between(a, b, 0.5).yaw)).toBeGreaterThan(3);
    expect(between(a, b, 1)).toEqual(b);
    expect(orbit(a, wide, 0, 1e6).pitch).toBeLessThanOrEqual(Math.PI / 2);
  });

  it('round-trips through JSON and survives nonsense', () => {
    const camera = randomCamera(random(6), '3d');
    expect(checked(JSON.parse(JSON.stringify(camera)) as CameraState)).toEqual(camera);
    const wild = { mode: 'x', target: [NaN], distance: -1, yaw: Infinity, pitch: 9, zoom: 0 };
    const safe = checked(wild as unknown as CameraState);
    expect([...safe.target, safe.distance, safe.yaw, safe.zoom].every(Number.isFinite)).toBe(true);
    expect(safe.distance).toBeGreaterThan(0);
  });
});
