// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { SpriteChooser } from '../gl/sprite_chooser';
import { HIDDEN, NORMAL, type View } from '../gl/tier';
import { fitTo, project, startCamera, viewOf } from './camera';
import { styleOf, startLook } from './look';
import { PICK_RADIUS, insideBox, pick, type PickScene } from './picking';
import { random, randomCloud } from '../gl/random_cloud';
import { Points } from './points';

const size = { width: 700, height: 500 };
const DIAMETER = 8;

function scenes(mode: '2d' | '3d', n: number, seed: number): { scene: PickScene; points: Points } {
  const next = random(seed);
  const points = new Points();
  const columns = randomCloud(n, next);
  if (mode === '2d') columns.z.fill(0);
  points.setColumns(columns);
  points.setMask(Uint8Array.from({ length: n }, () => (next() < 0.2 ? 0 : 1)));
  const camera = fitTo({ ...startCamera(), mode }, size, columns, columns.x.keys());
  const view = viewOf(camera, size, points.radius);
  const scene: PickScene = {
    columns,
    states: points.states,
    view,
    diameter: DIAMETER,
    radius: PICK_RADIUS,
    images: null,
    aspect: 1,
  };
  return { scene, points };
}

/** The rule read aloud: sort everything in reach by what is in front, take the first. */
function slowPick(scene: PickScene, x: number, y: number): number | null {
  const { columns, states, view } = scene;
  const hits = [...states.keys()]
    .filter((i) => states[i] !== HIDDEN)
    .map((i) => {
      const [px, py, w] = project(
        view,
        columns.x[i] as number,
        columns.y[i] as number,
        columns.z[i] as number,
      );
      const scale = view.flat ? 1 : Math.min(2.5, Math.max(0.5, view.focus / w));
      const dot = (DIAMETER * scale) / 2;
      const away = Math.hypot(px - x, py - y);
      return { i, w, covered: away <= dot, near: away <= Math.max(dot, PICK_RADIUS) };
    })
    .filter((hit) => hit.near && hit.w > view.near)
    .sort((a, b) => Number(b.covered) - Number(a.covered) || (view.flat ? b.i - a.i : a.w - b.w));
  return hits[0]?.i ?? null;
}

describe('picking', () => {
  for (const mode of ['2d', '3d'] as const) {
    it(`finds what a slow reference finds, ${mode}`, () => {
      let found = 0;
      for (let seed = 1; seed <= 6; seed++) {
        const { scene } = scenes(mode, 400, seed);
        const next = random(100 + seed);
        for (let trial = 0; trial < 100; trial++) {
          const [x, y] = [next() * size.width, next() * size.height];
          const want = slowPick(scene, x, y);
          expect(pick(scene, x, y)).toBe(want);
          if (want !== null) found++;
        }
      }
      expect(found).toBeGreaterThan(20);
    });

    it(`selects by box exactly the points inside, hidden ones by others too, ${mode}`, () => {
      const { scene } = scenes(mode, 3000, 9);
      const box = { left: 150, top: 80, right: 420, bottom: 333 };
      const want = [...scene.states.keys()].filter((i) => {
        const { x, y, z } = scene.columns;
        const [px, py, w] = project(scene.view, x[i] as number, y[i] as number, z[i] as number);
        const inside = px >= 150 && px <= 420 && py >= 80 && py <= 333;
        return scene.states[i] !== HIDDEN && inside && w > scene.view.near;
      });
      const got = insideBox(scene.columns, scene.states, scene.view, box);
      expect([...got]).toEqual(want);
      expect(want.length).toBeGreaterThan(100);
    });
  }

  it('takes the front-most image under the pointer', () => {
    const view: View = viewOf({ ...startCamera(), yaw: 0, pitch: 0 }, size, 2);
    const columns = {
      x: new Float32Array([0, 0, 0.4]),
      y: new Float32Array(3),
      z: new Float32Array([-0.5, 0.5, 0]),
    };
    const states = new Uint8Array(3).fill(NORMAL);
    const style = styleOf({ ...startLook('dark'), images: true, imageSize: 40 }, 3, size, 1);
    const tiles = new Uint32Array([0, 1, 2]);
    const images = new SpriteChooser().choose(columns, states, tiles, 3, 3, view, style);
    const scene: PickScene = {
      columns,
      states,
      view,
      diameter: 4,
      radius: PICK_RADIUS,
      images,
      aspect: 2,
    };
    expect(pick(scene, 350 + 15, 250 + 5)).toBe(1);
    expect(pick(scene, 350, 250 + 15)).toBe(null);
  });
});
