// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { GUTTER, drawOnPage, halve, layOutPages, tilePlace } from './sprite_pages';
import { premultiply, shrinkTile, storedSize } from './sprite_tiles';

describe('sprite pages', () => {
  it('give every tile its own cell inside a page', () => {
    for (const [width, height, count] of [
      [28, 28, 70000],
      [2, 2, 4],
      [64, 17, 999],
      [252, 252, 40],
      [1, 200, 5000],
    ] as const) {
      const layout = layOutPages({ width, height }, count);
      const seen = new Set<string>();
      for (let i = 0; i < count; i++) {
        const { page, left, top } = tilePlace(layout, i);
        const inside =
          page < layout.pages &&
          left >= GUTTER &&
          left + width + GUTTER <= layout.side &&
          top >= GUTTER &&
          top + height + GUTTER <= layout.side;
        const aligned =
          (left - GUTTER) % layout.cellWidth === 0 && (top - GUTTER) % layout.cellHeight === 0;
        if (!inside || !aligned) expect.fail(`tile ${i} stands at ${page}, ${left}, ${top}`);
        seen.add(`${page},${left},${top}`);
      }
      expect(seen.size).toBe(count);
    }
  });

  it('put 70,000 digits on 69 pages of 1024', () => {
    expect(layOutPages({ width: 28, height: 28 }, 70000)).toMatchObject({ side: 1024, pages: 69 });
  });

  it('keep neighbours out of each other up to the second mip level', () => {
    const layout = layOutPages({ width: 6, height: 5 }, 30);
    const page = new Uint8Array(layout.side * layout.side * 4);
    for (let i = 0; i < 30; i++) {
      drawOnPage(page, layout, i, new Uint8ClampedArray(6 * 5 * 4).fill(i + 1));
    }
    const level1 = halve(page, layout.side);
    for (let i = 0; i < 30; i++) {
      const { left, top } = tilePlace(layout, i);
      for (let y = 0; y < 5; y++) {
        for (let x = 0; x < 6; x++) {
          expect(page[((top + y) * layout.side + left + x) * 4]).toBe(i + 1);
        }
      }
      const at = ((top >> 1) * (layout.side / 2) + (left >> 1)) * 4;
      expect(level1[at]).toBe(i + 1);
    }
  });

  it('keep tiles as they are unless they are huge or too many', () => {
    expect(storedSize(28, 28, 70000)).toEqual({ width: 28, height: 28 });
    expect(storedSize(2, 2, 4)).toEqual({ width: 2, height: 2 });
    const large = storedSize(1000, 500, 10);
    expect(large).toEqual({ width: 252, height: 126 });
    const many = storedSize(28, 28, 342000);
    expect(many.width * many.height * 342000).toBeLessThanOrEqual(64 * 1024 * 1024);
  });

  it('shrink by averaging, and multiply colours by alpha', () => {
    const source = new Uint8ClampedArray([
      0, 0, 0, 255, 100, 0, 0, 255, 0, 0, 0, 255, 100, 0, 0, 255,
    ]);
    const out = new Uint8ClampedArray(4);
    shrinkTile(source, { width: 2, height: 2 }, out, { width: 1, height: 1 });
    expect([...out]).toEqual([50, 0, 0, 255]);
    const pixel = new Uint8ClampedArray([200, 100, 0, 51, 9, 9, 9, 0]);
    premultiply(pixel);
    expect([...pixel]).toEqual([40, 20, 0, 51, 0, 0, 0, 0]);
  });
});
