// SPDX-License-Identifier: Apache-2.0
// The points as the scene holds them: unit coordinates, what is drawn of each, and counts.

import { DIMMED, HIDDEN, NORMAL, ROWS_PER_STEP, SELECTED, type Columns } from '../gl/tier';

/** Scales the box of all finite points into -1..1, one scale for all axes; NaN stays NaN. */
export function normalised(x: Float32Array, y: Float32Array, z: Float32Array | null): Columns {
  const axes = z === null ? [x, y] : [x, y, z];
  const middles: number[] = [];
  let half = 0;
  for (const axis of axes) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < axis.length; i++) {
      if (!axes.every((other) => Number.isFinite(other[i]))) continue;
      const value = axis[i] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    middles.push(low <= high ? (low + high) / 2 : 0);
    half = Math.max(half, low <= high ? (high - low) / 2 : 0);
  }
  const scale = half > 0 ? 1 / half : 1;
  const placed = axes.map((axis, k) =>
    axis.map((value) => (value - (middles[k] as number)) * scale),
  );
  return {
    x: placed[0] as Float32Array,
    y: placed[1] as Float32Array,
    z: placed[2] ?? new Float32Array(x.length),
  };
}

export class Points {
  n = 0;
  /** Largest distance of a drawn point from the origin. */
  radius = 1;
  columns: Columns = emptyColumns();
  states: Uint8Array = new Uint8Array(0);
  selected: Uint32Array = new Uint32Array(0);
  /** Drawable points before each multiple of ROWS_PER_STEP. */
  private before: Uint32Array = new Uint32Array(1);
  private mask: Uint8Array | null = null;

  setColumns(columns: Columns): void {
    this.columns = columns;
    const n = columns.x.length;
    if (n !== this.n) {
      this.n = n;
      this.mask = null;
      this.selected = new Uint32Array(0);
    }
    let square = 0;
    for (let i = 0; i < n; i++) {
      const [x, y, z] = [columns.x[i] as number, columns.y[i] as number, columns.z[i] as number];
      const here = x * x + y * y + z * z;
      if (here > square) square = here;
    }
    this.radius = Math.max(0.05, Math.sqrt(square) * 1.02);
    this.update();
  }

  setMask(mask: Uint8Array | null): void {
    this.mask = mask;
    this.update();
  }

  setSelected(positions: Uint32Array | null): void {
    this.selected = (positions ?? new Uint32Array(0)).filter((p) => p < this.n);
    this.update();
  }

  drawable(position: number): boolean {
    return position >= 0 && position < this.n && this.states[position] !== HIDDEN;
  }

  /** Drawable points among positions 0..prefix; the selected beyond are drawn all the same. */
  countBefore(prefix: number): number {
    const step = Math.floor(prefix / ROWS_PER_STEP);
    let count = this.before[step] ?? 0;
    for (let i = step * ROWS_PER_STEP; i < prefix; i++) count += this.states[i] !== HIDDEN ? 1 : 0;
    return count;
  }

  private update(): void {
    const { n, mask, columns } = this;
    const states = new Uint8Array(n);
    const normal = this.selected.length > 0 ? DIMMED : NORMAL;
    for (let i = 0; i < n; i++) {
      const finite = (columns.x[i] as number) + (columns.y[i] as number) + (columns.z[i] as number);
      states[i] = Number.isFinite(finite) && (mask === null || mask[i] !== 0) ? normal : HIDDEN;
    }
    for (const position of this.selected) {
      if (states[position] !== HIDDEN) states[position] = SELECTED;
    }
    this.states = states;
    this.before = new Uint32Array(Math.floor(n / ROWS_PER_STEP) + 1);
    let count = 0;
    for (let i = 0; i < n; i++) {
      if (i % ROWS_PER_STEP === 0) this.before[i / ROWS_PER_STEP] = count;
      count += states[i] !== HIDDEN ? 1 : 0;
    }
    if (n % ROWS_PER_STEP === 0) this.before[n / ROWS_PER_STEP] = count;
  }
}

export function emptyColumns(): Columns {
  return { x: new Float32Array(0), y: new Float32Array(0), z: new Float32Array(0) };
}

/** Places between two sets of columns; where either is NaN, the new place. */
export function mixColumns(from: Columns, to: Columns, t: number): Columns {
  const blend = (a: Float32Array, b: Float32Array): Float32Array =>
    b.map((value, i) => {
      const mixed = (a[i] as number) + (value - (a[i] as number)) * t;
      return Number.isNaN(mixed) ? value : mixed;
    });
  return { x: blend(from.x, to.x), y: blend(from.y, to.y), z: blend(from.z, to.z) };
}
