// SPDX-License-Identifier: Apache-2.0
// Which images are shown: all when there are few, else the first in draw order of each cell of the
// screen, so that a crowd stays readable; the rest are dots. First in draw order keeps the choice
// stable while the view moves.

import { HIDDEN, SELECTED, type Columns, type Rows, type Style, type View } from './tier';

/** Images smaller than this (CSS px) are dots. */
export const IMAGE_MIN_PX = 10;
/** Up to so many points nothing is thinned out. */
const UNTHINNED = 1500;
/** Side of a cell as a share of the image size: below 1, neighbours overlap a little. */
const CELL = 0.5;
/** Points looked at per frame; draw order is random, so the first are a fair sample. */
const EXAMINED_MAX = 300_000;

export interface Chosen {
  count: number;
  /** Far to near, which is the order to draw them in; the selected come last. */
  positions: Uint32Array;
  x: Float32Array;
  y: Float32Array;
  w: Float32Array;
  /** Device px of the longer side. */
  size: Float32Array;
}

export class SpriteChooser {
  private cells = new Uint8Array(0);
  private found: Chosen = makeChosen(0);
  private sorted: Chosen = makeChosen(0);

  /** The result is valid until the next call. */
  choose(
    points: Columns,
    states: Uint8Array,
    tiles: Uint32Array,
    tileCount: number,
    prefix: number,
    view: View,
    style: Style,
  ): Chosen {
    const n = Math.min(prefix, EXAMINED_MAX);
    if (this.found.positions.length < n) this.grow(n);
    const cell = Math.max(4, style.imageSize * CELL);
    const across = Math.ceil(view.width / cell) + 8;
    const cellCount = across * (Math.ceil(view.height / cell) + 8);
    if (this.cells.length < cellCount) this.cells = new Uint8Array(cellCount);
    this.cells.fill(0);
    const thin = n > UNTHINNED;
    const least = IMAGE_MIN_PX * style.pixelRatio;
    const [a, b, c, d, e, f, g, h, k, l, m, o] = view.rows as unknown as Rows;
    const out = this.found;
    let count = 0;
    for (let i = 0; i < n; i++) {
      const state = states[i];
      if (state === HIDDEN || (tiles[i] as number) >= tileCount) continue;
      const x = points.x[i] as number;
      const y = points.y[i] as number;
      const z = points.z[i] as number;
      const w = k * x + l * y + m * z + o;
      if (w <= view.near) continue;
      const px = (a * x + b * y + c * z + d) / w;
      const py = (e * x + f * y + g * z + h) / w;
      const size = imageSizeAt(view, style.imageSize, w);
      if (size < least) continue;
      const half = size / 2;
      if (px < -half || py < -half || px > view.width + half || py > view.height + half) continue;
      if (thin) {
        const at = (Math.floor(py / cell) + 4) * across + Math.floor(px / cell) + 4;
        if (this.cells[at] === 1 && state !== SELECTED) continue;
        this.cells[at] = 1;
      }
      out.positions[count] = i;
      out.x[count] = px;
      out.y[count] = py;
      out.w[count] = w;
      out.size[count] = size;
      count++;
    }
    return this.sort(count, states, view);
  }

  private sort(count: number, states: Uint8Array, view: View): Chosen {
    const span = view.far - view.near || 1;
    // Rank and index in one number: typed arrays of numbers sort without a callback.
    const keys = new Float64Array(count);
    for (let k = 0; k < count; k++) {
      const depth = view.flat ? 0 : ((this.found.w[k] as number) - view.near) / span;
      const rank = Math.round((1 - Math.min(1, depth)) * 65535);
      const front = states[this.found.positions[k] as number] === SELECTED ? 65536 : 0;
      keys[k] = (rank + front) * 2 ** 32 + k;
    }
    keys.sort();
    for (let k = 0; k < count; k++) {
      const from = (keys[k] as number) % 2 ** 32;
      this.sorted.positions[k] = this.found.positions[from] as number;
      this.sorted.x[k] = this.found.x[from] as number;
      this.sorted.y[k] = this.found.y[from] as number;
      this.sorted.w[k] = this.found.w[from] as number;
      this.sorted.size[k] = this.found.size[from] as number;
    }
    this.sorted.count = count;
    return this.sorted;
  }

  private grow(n: number): void {
    this.found = makeChosen(n);
    this.sorted = makeChosen(n);
  }
}

/** Device px of an image at depth w: its nominal size at the focus, milder than true perspective. */
export function imageSizeAt(view: View, nominal: number, w: number): number {
  if (view.flat) return nominal;
  return nominal * Math.min(1.6, Math.max(0.6, view.focus / w));
}

function makeChosen(n: number): Chosen {
  return {
    count: 0,
    positions: new Uint32Array(n),
    x: new Float32Array(n),
    y: new Float32Array(n),
    w: new Float32Array(n),
    size: new Float32Array(n),
  };
}
