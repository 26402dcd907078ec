// SPDX-License-Identifier: Apache-2.0
// The points as the scene holds them: unit coordinates, what is drawn of each, and counts.

import { DIMMED, HIDDEN, NORMAL, ROWS_PER_STEP, SELECTED, type Columns } from '../gl/tier';

/** What is scaled into -1..1: a middle per axis, and half the longest side. */
export interface Box {
  middle: [number, number, number];
  half: number;
}

/** The box of all points whose coordinates are finite; z null = 2-D. */
export function boxOf(x: Float32Array, y: Float32Array, z: Float32Array | null): Box {
  const n = x.length;
  let [x0, x1, y0, y1, z0, z1] = [Infinity, -Infinity, Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    const a = x[i] as number;
    const b = y[i] as number;
    const c = z === null ? 0 : (z[i] as number);
    // Infinite or NaN in one axis: the point is nowhere in any.
    if (!Number.isFinite(a + b + c)) continue;
    if (a < x0) x0 = a;
    if (a > x1) x1 = a;
    if (b < y0) y0 = b;
    if (b > y1) y1 = b;
    if (c < z0) z0 = c;
    if (c > z1) z1 = c;
  }
  if (x0 > x1) return { middle: [0, 0, 0], half: 0 };
  return {
    middle: [(x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2],
    half: Math.max(x1 - x0, y1 - y0, z1 - z0) / 2,
  };
}

/** Scales a box into -1..1, one scale for all axes; NaN stays NaN. */
export function placed(
  x: Float32Array,
  y: Float32Array,
  z: Float32Array | null,
  { middle, half }: Box,
): Columns {
  const scale = half > 0 ? 1 / half : 1;
  const scaled = (axis: Float32Array, from: number): Float32Array => {
    const n = axis.length;
    const out = new Float32Array(n);
    for (let i = 0; i < n; i++) out[i] = ((axis[i] as number) - from) * scale;
    return out;
  };
  return {
    x: scaled(x, middle[0]),
    y: scaled(y, middle[1]),
    z: z === null ? new Float32Array(x.length) : scaled(z, middle[2]),
  };
}

/** A box part of the way from one to another; sizes go by ratio. */
export function boxBetween(a: Box, b: Box, t: number): Box {
  const mix = (p: number, q: number): number => p + (q - p) * t;
  const [ax, ay, az] = a.middle;
  const [bx, by, bz] = b.middle;
  const half = a.half > 0 && b.half > 0 ? a.half * (b.half / a.half) ** t : b.half;
  return { middle: [mix(ax, bx), mix(ay, by), mix(az, bz)], half };
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
    this.radius = radiusOf(columns);
    this.update();
  }

  /**
   * New places for the same points: cheap where the same ones have a place as before. True if they
   * do, so that states are what they were.
   */
  moveColumns(columns: Columns): boolean {
    const { x, y, z } = columns;
    const { n, mask, states } = this;
    this.columns = columns;
    this.radius = radiusOf(columns);
    for (let i = 0; i < n; i++) {
      const sum = (x[i] as number) + (y[i] as number) + (z[i] as number);
      const shown = Number.isFinite(sum) && (mask === null || mask[i] !== 0);
      if (shown !== (states[i] !== HIDDEN)) {
        this.update();
        return false;
      }
    }
    return true;
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

function radiusOf({ x, y, z }: Columns): number {
  let square = 0;
  for (let i = 0; i < x.length; i++) {
    const a = x[i] as number;
    const b = y[i] as number;
    const c = z[i] as number;
    const here = a * a + b * b + c * c;
    if (here > square) square = here;
  }
  return Math.max(0.05, Math.sqrt(square) * 1.02);
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
