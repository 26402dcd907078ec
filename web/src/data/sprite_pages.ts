// SPDX-License-Identifier: Apache-2.0
// Tiles laid out on square pages for a texture array, with gutters so that smaller mip levels of one
// tile do not bleed into the next.

import type { TileSize } from './sprite_tiles';

/** Texels of the tile's own edge repeated around it: right for mip levels 0 to 2. */
export const GUTTER = 2;
export const MIP_LEVELS = 3;
const PAGE_SIDE_MAX = 1024;
/** Cells begin at multiples of this, so that mip texels never straddle two cells. */
const ALIGN = 4;

export interface PageLayout {
  tile: TileSize;
  cellWidth: number;
  cellHeight: number;
  side: number;
  columns: number;
  perPage: number;
  pages: number;
}

export function layOutPages(tile: TileSize, count: number): PageLayout {
  const cellWidth = alignUp(tile.width + 2 * GUTTER);
  const cellHeight = alignUp(tile.height + 2 * GUTTER);
  let side = 64;
  const fits = (): number => Math.floor(side / cellWidth) * Math.floor(side / cellHeight);
  while (side < PAGE_SIDE_MAX && fits() < count) side *= 2;
  const columns = Math.floor(side / cellWidth);
  const perPage = fits();
  return {
    tile,
    cellWidth,
    cellHeight,
    side,
    columns,
    perPage,
    pages: Math.max(1, Math.ceil(count / perPage)),
  };
}

/** Page, and left and top texel of the tile itself (without gutter). */
export function tilePlace(
  layout: PageLayout,
  index: number,
): { page: number; left: number; top: number } {
  const page = Math.floor(index / layout.perPage);
  const cell = index - page * layout.perPage;
  const row = Math.floor(cell / layout.columns);
  return {
    page,
    left: (cell - row * layout.columns) * layout.cellWidth + GUTTER,
    top: row * layout.cellHeight + GUTTER,
  };
}

/** Writes a tile and its gutter onto a page of side x side RGBA. */
export function drawOnPage(
  page: Uint8Array,
  layout: PageLayout,
  index: number,
  pixels: Uint8ClampedArray,
): void {
  const { left, top } = tilePlace(layout, index);
  const { width, height } = layout.tile;
  const source = new Uint32Array(pixels.buffer, pixels.byteOffset, width * height);
  const target = new Uint32Array(page.buffer, page.byteOffset, layout.side * layout.side);
  for (let y = -GUTTER; y < height + GUTTER; y++) {
    const line = Math.min(height - 1, Math.max(0, y)) * width;
    const at = (top + y) * layout.side + left;
    target.set(source.subarray(line, line + width), at);
    for (let g = 1; g <= GUTTER; g++) {
      target[at - g] = source[line] as number;
      target[at + width - 1 + g] = source[line + width - 1] as number;
    }
  }
}

/** The next smaller mip level of a square RGBA image: each texel the mean of 2 x 2. */
export function halve(image: Uint8Array, side: number): Uint8Array<ArrayBuffer> {
  const half = side / 2;
  const out = new Uint8Array(half * half * 4);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const a = (2 * y * side + 2 * x) * 4;
      const b = a + side * 4;
      for (let k = 0; k < 4; k++) {
        const sum =
          (image[a + k] as number) +
          (image[a + 4 + k] as number) +
          (image[b + k] as number) +
          (image[b + 4 + k] as number);
        out[(y * half + x) * 4 + k] = (sum + 2) >> 2;
      }
    }
  }
  return out;
}

function alignUp(size: number): number {
  return Math.ceil(size / ALIGN) * ALIGN;
}
