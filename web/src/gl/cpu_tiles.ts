// SPDX-License-Identifier: Apache-2.0
// Tiles of the CPU tier: kept once at their stored size, scaled on demand, and remembered.

import { eachTile, storedSize, type TileSize } from '../data/sprite_tiles';
import type { RasterModule } from './raster_module';
import type { TileSource } from './tier';

/** Bytes of scaled tiles remembered; when full, all are forgotten and made anew. */
const CACHE_BYTES = 48 * 1024 * 1024;
/** Tiles per chunk of the store, so that no single array must be huge. */
const CHUNK = 1024;
/** In 3-D the size of an image moves in steps, so that most are found ready. */
const STEP_PX = 2;

export class CpuTiles {
  ready = false;
  count = 0;
  private stored: TileSize = { width: 1, height: 1 };
  private aspect = 1;
  private chunks: Uint32Array[] = [];
  private readonly known = new Map<string, number>();
  private used = 0;
  private serial = 0;

  constructor(private readonly module: RasterModule) {}

  async load(source: TileSource | null, pause: () => Promise<void>): Promise<void> {
    const serial = ++this.serial;
    this.ready = false;
    this.chunks = [];
    this.forget();
    if (source === null) return;
    const size = storedSize(source.tileWidth, source.tileHeight, source.count);
    const area = size.width * size.height;
    const chunks: Uint32Array[] = [];
    await eachTile(
      source,
      size,
      (index, pixels) => {
        const slot = index % CHUNK;
        if (slot === 0) {
          chunks.push(new Uint32Array(Math.min(CHUNK, source.count - index) * area));
        }
        const words = new Uint32Array(pixels.buffer, pixels.byteOffset, area);
        chunks[Math.floor(index / CHUNK)]?.set(words, slot * area);
      },
      pause,
    );
    source.image.close();
    if (serial !== this.serial) return;
    this.stored = size;
    this.aspect = source.tileWidth / source.tileHeight;
    this.chunks = chunks;
    this.count = source.count;
    this.ready = true;
  }

  forget(): void {
    this.known.clear();
    this.used = 0;
  }

  /** Whole pixels of a tile whose longer side is `longer`. */
  sizeFor(longer: number, exact: boolean): TileSize {
    const side = exact ? Math.round(longer) : Math.round(longer / STEP_PX) * STEP_PX;
    const width = this.aspect >= 1 ? side : side * this.aspect;
    const height = this.aspect >= 1 ? side / this.aspect : side;
    return { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) };
  }

  /** Address of the tile at that size. Valid until the next call. */
  scaled(tile: number, size: TileSize, tint: number): number {
    const key = `${tile},${size.width},${size.height},${tint}`;
    const found = this.known.get(key);
    if (found !== undefined) return this.cache() + found;
    const at = this.allot(key, size);
    const { width, height } = this.stored;
    const area = width * height;
    const chunk = this.chunks[Math.floor(tile / CHUNK)] as Uint32Array;
    const from = (tile % CHUNK) * area;
    const source = this.module.put('tile_source', chunk.subarray(from, from + area));
    const out = this.cache() + at;
    this.module.raster.raster_scale_tile(
      source,
      width,
      height,
      out,
      size.width,
      size.height,
      tint | 0,
    );
    return out;
  }

  /** Address of a rectangle of one colour. Valid until the next call. */
  solid(width: number, height: number, colour: number): number {
    const count = Math.ceil((width * height) / 4) * 4;
    const at = this.module.region('solid', count * 4);
    this.module.raster.raster_fill(at, count, colour | 0);
    return at;
  }

  private cache(): number {
    return this.module.region('tile_cache', CACHE_BYTES);
  }

  private allot(key: string, size: TileSize): number {
    const bytes = Math.ceil((size.width * size.height * 4) / 16) * 16;
    if (this.used + bytes > CACHE_BYTES) this.forget();
    const at = this.used;
    this.used += bytes;
    this.known.set(key, at);
    return at;
  }
}
