// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { random, randomCloud } from './random_cloud';
import { SpriteChooser } from './sprite_chooser';
import { HIDDEN, NORMAL, SELECTED, type Style, type View } from './tier';

const flat: View = {
  width: 800,
  height: 600,
  rows: new Float32Array([300, 0, 0, 400, 0, -290, 0, 300, 0, 0, 0, 1]),
  flat: true,
  near: 0,
  far: 2,
  focus: 1,
};
/** The eye at z = 4, looking along -z. */
const deep: View = {
  ...flat,
  rows: new Float32Array([700, 0, -400, 1600, 0, -700, -300, 1200, 0, 0, -1, 4]),
  flat: false,
  near: 2,
  far: 6,
  focus: 4,
};
const style: Style = {
  diameter: 5,
  opacity: 1,
  background: [0, 0, 0],
  outline: [255, 255, 255],
  images: true,
  imageSize: 30,
  tint: false,
  pixelRatio: 1,
};

function setUp(n: number, mode: '2d' | '3d'): Parameters<SpriteChooser['choose']> {
  const columns = randomCloud(n, random(n));
  const states = Uint8Array.from(columns.x, (v) => (Number.isNaN(v) ? HIDDEN : NORMAL));
  const tiles = Uint32Array.from({ length: n }, (_, i) => i);
  return [columns, states, tiles, n, n, mode === '2d' ? flat : deep, { ...style }];
}

describe('sprite chooser', () => {
  it('shows all of a few, far to near', () => {
    const args = setUp(300, '3d');
    const chosen = new SpriteChooser().choose(...args);
    expect(chosen.count).toBe([...args[1]].filter((s) => s !== HIDDEN).length);
    const w = [...chosen.w.subarray(0, chosen.count)];
    const step = (args[5].far - args[5].near) / 60000;
    for (let k = 1; k < w.length; k++)
      expect(w[k] as number).toBeLessThanOrEqual((w[k - 1] as number) + step);
  });

  it('shows at most one a cell of a crowd: the first in draw order', () => {
    const args = setUp(20000, '2d');
    const chosen = new SpriteChooser().choose(...args);
    const cells = new Map<string, number>();
    for (let k = 0; k < chosen.count; k++) {
      const cell = `${Math.floor((chosen.x[k] as number) / 15)},${Math.floor((chosen.y[k] as number) / 15)}`;
      expect(cells.has(cell)).toBe(false);
      cells.set(cell, chosen.positions[k] as number);
    }
    expect(chosen.count).toBeGreaterThan(500);
    expect(chosen.positions.subarray(0, chosen.count).includes(0)).toBe(true);
  });

  it('always shows the selected, last, and never those without an image', () => {
    const args = setUp(5000, '3d');
    args[1][4000] = SELECTED;
    args[3] = 4500;
    const chosen = new SpriteChooser().choose(...args);
    expect(chosen.positions[chosen.count - 1]).toBe(4000);
    expect(Math.max(...chosen.positions.subarray(0, chosen.count))).toBeLessThan(4500);
  });

  it('leaves dots when images would be tiny', () => {
    const args = setUp(50, '2d');
    args[6] = { ...args[6], imageSize: 8 };
    expect(new SpriteChooser().choose(...args).count).toBe(0);
  });
});
