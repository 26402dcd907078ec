// SPDX-License-Identifier: Apache-2.0
// What the scene asks of a drawing tier. Two keep this promise: gl_tier.ts and cpu_tier.ts.

/** State byte of a position. The same numbers as RasterState in src/raster/raster.h. */
export const HIDDEN = 0;
export const NORMAL = 1;
export const DIMMED = 2;
export const SELECTED = 3;

/** Where points land, in device pixels of the picture. */
export interface View {
  width: number;
  height: number;
  /** 3 x 4, row-major: rows * (x, y, z, 1) = (px * w, py * w, w). */
  rows: Float32Array;
  /** 2-D: w is 1, later positions lie above earlier ones. */
  flat: boolean;
  /** Range of w that holds the whole unit box, for depth and fog. */
  near: number;
  far: number;
  /** The w at which points and images have their nominal size. */
  focus: number;
}

/** The twelve numbers of View.rows: hot loops take them apart once. */
export type Rows = [
  ...[number, number, number, number],
  ...[number, number, number, number],
  ...[number, number, number, number],
];

export interface Style {
  /** Device px. */
  diameter: number;
  opacity: number;
  background: readonly [number, number, number];
  outline: readonly [number, number, number];
  images: boolean;
  /** Device px of a tile's longer side. */
  imageSize: number;
  tint: boolean;
  /** Device px per CSS px. */
  pixelRatio: number;
}

export interface Columns {
  x: Float32Array;
  y: Float32Array;
  z: Float32Array;
}

/** A sprite cut into tiles. Tile t of `columns` per line stands at column t % columns. */
export interface TileSource {
  image: ImageBitmap;
  tileWidth: number;
  tileHeight: number;
  columns: number;
  count: number;
}

export interface FrameRequest {
  view: View;
  style: Style;
  /** 0..1 between the old and the new places of an animation; 1 = arrived. */
  mix: number;
  /** While moving a part of the points may be drawn; at rest the whole, at full quality. */
  moving: boolean;
}

export interface FrameResult {
  request: FrameRequest;
  /** Positions 0..prefix were drawn. */
  prefix: number;
  milliseconds: number;
  /** Nothing better will follow for this request. */
  last: boolean;
}

export interface Tier {
  readonly kind: 'gl' | 'cpu';
  readonly canvas: HTMLCanvasElement;
  /**
   * from: places the points glide from (mix 0); null when they do not. The very object that was the
   * last `to` costs nothing to send again.
   */
  setPositions(to: Columns, from: Columns | null): void;
  /** Slot, state and tile of every position; palette 256 x RGBA. */
  setSlots(slots: Uint8Array, palette: Uint8Array): void;
  setStates(states: Uint8Array, selected: Uint32Array): void;
  setTiles(tiles: Uint32Array): void;
  setSprites(source: TileSource | null): Promise<void>;
  /** True while a frame is on its way; draw() then replaces the one that waits. */
  readonly busy: boolean;
  draw(request: FrameRequest): void;
  /** Draws the current picture into a canvas of the same size. */
  copyTo(context: CanvasRenderingContext2D): void;
  destroy(): void;
}

export interface TierEvents {
  frame: (result: FrameResult) => void;
  /** The tier cannot draw; `final` when it will not come back. */
  lost: (message: string, final: boolean) => void;
}

/** Rows drawn between looks at the clock. */
export const ROWS_PER_STEP = 4096;
