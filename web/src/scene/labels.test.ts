// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { overlap, placeLabels, type LabelWish } from './labels';
import { random } from '../gl/random_cloud';

const size = { width: 600, height: 400 };

function wishes(n: number, seed: number, always = 0): LabelWish[] {
  const next = random(seed);
  return Array.from({ length: n }, (_, position) => ({
    position,
    x: next() * size.width,
    y: next() * size.height,
    clear: 2 + next() * 10,
    width: 10 + next() * 120,
    always: position < always,
  }));
}

describe('labels', () => {
  it('never overlap and never leave the view', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const placed = placeLabels(wishes(400, seed), size, 16);
      expect(placed.length).toBeGreaterThan(15);
      placed.forEach((a, i) => {
        expect(a.left).toBeGreaterThanOrEqual(0);
        expect(a.top + a.height).toBeLessThanOrEqual(size.height);
        for (const b of placed.slice(i + 1)) expect(overlap(a, b)).toBe(false);
      });
    }
  });

  it('give the first wish its place and keep it when more come', () => {
    const few = placeLabels(wishes(50, 3), size, 16);
    const many = placeLabels([...wishes(50, 3), ...wishes(300, 4)], size, 16);
    expect(many.slice(0, few.length)).toEqual(few);
  });

  it('show the hovered point even in a corner', () => {
    const wish = { position: 0, x: 598, y: 2, clear: 5, width: 900, always: true };
    expect(placeLabels([wish], size, 16)).toMatchObject([{ left: 2, top: 2 }]);
  });

  it('try other sides for selected points', () => {
    const base = { x: 590, y: 200, clear: 5, width: 80 };
    expect(placeLabels([{ ...base, position: 1, always: false }], size, 16)).toHaveLength(0);
    const [placed] = placeLabels([{ ...base, position: 1, always: true }], size, 16);
    expect((placed?.left ?? 600) + (placed?.width ?? 0)).toBeLessThan(590);
  });
});
