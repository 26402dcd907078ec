// SPDX-License-Identifier: Apache-2.0
// A sprite taken apart into tiles: how large they are kept, and their pixels one by one.

/** Larger tiles are kept smaller: nobody sees more on the canvas, and the card shows the original. */
const SIDE_MAX = 252;
/** Pixels kept for all tiles together (4 bytes each). */
const PIXELS_MAX = 64 * 1024 * 1024;
/** Pixels read at once. Each reading may cost a copy of the whole sheet, so they should be few. */
const STRIP_PIXELS = 4 * 1024 * 1024;

export interface TileSize {
  width: number;
  height: number;
}

/** The size at which `count` tiles of the given size are kept. Never larger than the original. */
export function storedSize(tileWidth: number, tileHeight: number, count: number): TileSize {
  const bySide = SIDE_MAX / Math.max(tileWidth, tileHeight);
  const byMemory = Math.sqrt(PIXELS_MAX / (tileWidth * tileHeight * Math.max(1, count)));
  const factor = Math.min(1, bySide, byMemory);
  return {
    width: Math.max(1, Math.floor(tileWidth * factor)),
    height: Math.max(1, Math.floor(tileHeight * factor)),
  };
}

/** Multiplies colours by alpha in place: the form in which averages and blending are right. */
export function premultiply(pixels: Uint8ClampedArray): void {
  for (let i = 3; i < pixels.length; i += 4) {
    const alpha = pixels[i] as number;
    if (alpha === 255) continue;
    for (let k = i - 3; k < i; k++) pixels[k] = ((pixels[k] as number) * alpha) / 255;
  }
}

/** Area average from one RGBA rectangle (premultiplied) to a smaller or equal one. */
export function shrinkTile(
  source: Uint8ClampedArray,
  from: TileSize,
  target: Uint8ClampedArray,
  to: TileSize,
): void {
  for (let y = 0; y < to.height; y++) {
    const top = Math.floor((y * from.height) / to.height);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * from.height) / to.height));
    for (let x = 0; x < to.width; x++) {
      const left = Math.floor((x * from.width) / to.width);
      const right = Math.max(left + 1, Math.floor(((x + 1) * from.width) / to.width));
      const area = (bottom - top) * (right - left);
      for (let k = 0; k < 4; k++) {
        let sum = 0;
        for (let v = top; v < bottom; v++) {
          for (let u = left; u < right; u++) sum += source[(v * from.width + u) * 4 + k] as number;
        }
        target[(y * to.width + x) * 4 + k] = sum / area;
      }
    }
  }
}

export interface Sheet {
  image: ImageBitmap;
  tileWidth: number;
  tileHeight: number;
  columns: number;
  count: number;
}

/**
 * Calls `tile(index, pixels)` for every tile in order; pixels are premultiplied RGBA of the stored
 * size and valid only during the call. Reads a strip at a time, so that a sheet of
 * 16,384 px never stands in memory twice. `pause` is awaited between strips.
 */
export async function eachTile(
  sheet: Sheet,
  size: TileSize,
  tile: (index: number, pixels: Uint8ClampedArray) => void,
  pause?: () => Promise<void>,
): Promise<void> {
  const from = { width: sheet.tileWidth, height: sheet.tileHeight };
  const width = sheet.columns * from.width;
  const lines = Math.ceil(sheet.count / sheet.columns);
  const step = Math.min(lines, Math.max(1, Math.floor(STRIP_PIXELS / (width * from.height))));
  const canvas = new OffscreenCanvas(width, step * from.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('No 2-D canvas to read the images with.');
  const whole = new Uint8ClampedArray(from.width * from.height * 4);
  const kept = new Uint8ClampedArray(size.width * size.height * 4);
  const same = size.width === from.width && size.height === from.height;
  for (let line = 0; line < lines; line += step) {
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(sheet.image, 0, -line * from.height);
    const strip = context.getImageData(0, 0, canvas.width, canvas.height).data;
    premultiply(strip);
    const first = line * sheet.columns;
    const last = Math.min(sheet.count, first + step * sheet.columns);
    for (let index = first; index < last; index++) {
      const column = index % sheet.columns;
      const row = Math.floor(index / sheet.columns) - line;
      cutTile(strip, width, column * from.width, row * from.height, from, whole);
      if (!same) shrinkTile(whole, from, kept, size);
      tile(index, same ? whole : kept);
    }
    if (pause !== undefined) await pause();
  }
}

function cutTile(
  strip: Uint8ClampedArray,
  stripWidth: number,
  left: number,
  top: number,
  size: TileSize,
  out: Uint8ClampedArray,
): void {
  for (let y = 0; y < size.height; y++) {
    const at = ((top + y) * stripWidth + left) * 4;
    out.set(strip.subarray(at, at + size.width * 4), y * size.width * 4);
  }
}
