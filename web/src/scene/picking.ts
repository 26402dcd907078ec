// SPDX-License-Identifier: Apache-2.0
// Which point is meant: on the CPU in both tiers, exact, over all points.

import type { Chosen } from '../gl/sprite_chooser';
import { HIDDEN, type Columns, type Rows, type View } from '../gl/tier';

/** A pointer this near (CSS px) means the point, even beside its disc. */
export const PICK_RADIUS = 6;

/** Largest factor of a dot by nearness; factor_max in src/raster/raster.cpp. */
const FACTOR_MAX = 2.5;

export interface PickScene {
  columns: Columns;
  states: Uint8Array;
  /** All lengths in the pixels of this view. */
  view: View;
  /** Nominal diameter of a dot. */
  diameter: number;
  radius: number;
  /** Images in sight, far to near; their points have no dot. */
  images: Chosen | null;
  /** Width over height of a tile. */
  aspect: number;
}

/**
 * The front-most point whose disc or image is under (x, y), else the front-most within the radius.
 * In 2-D the later in draw order is in front, and images are in front of dots.
 */
export function pick(scene: PickScene, x: number, y: number): number | null {
  const image = pickImage(scene, x, y);
  const dot = pickDot(scene, x, y, image);
  if (image === null) return dot?.position ?? null;
  if (dot === null || !dot.covered || scene.view.flat) return image.position;
  return dot.w < image.w ? dot.position : image.position;
}

interface Hit {
  position: number;
  w: number;
  covered: boolean;
}

function pickDot(scene: PickScene, x: number, y: number, image: Hit | null): Hit | null {
  const { states, view } = scene;
  const shown = imagePositions(scene);
  let best: Hit | null = null;
  // No disc is larger than this, so that one comparison settles almost every point.
  const most = Math.max(scene.radius, (view.flat ? 1 : FACTOR_MAX) * scene.diameter * 0.5);
  eachNear(scene.columns, states, view, x, y, most, (i, away, w) => {
    const dot = diameterAt(view, scene.diameter, w) / 2;
    const reach = Math.max(dot, scene.radius);
    if (away > reach * reach || shown?.has(i) === true) return;
    const covered = away <= dot * dot;
    if (image !== null && !covered) return;
    const hit = { position: i, w, covered };
    if (best === null || inFront(view, hit, best)) best = hit;
  });
  return best;
}

/** Calls near(position, squared distance, w) for drawable points within `reach` px of (x, y). */
function eachNear(
  { x: xs, y: ys, z: zs }: Columns,
  states: Uint8Array,
  view: View,
  x: number,
  y: number,
  reach: number,
  near: (position: number, away: number, w: number) => void,
): void {
  const [a, b, c, d, e, f, g, h, k, l, m, o] = view.rows as unknown as Rows;
  const square = reach * reach;
  for (let i = 0; i < states.length; i++) {
    const px = xs[i] as number;
    const py = ys[i] as number;
    const pz = zs[i] as number;
    const w = k * px + l * py + m * pz + o;
    const dx = (a * px + b * py + c * pz + d) / w - x;
    const dy = (e * px + f * py + g * pz + h) / w - y;
    const away = dx * dx + dy * dy;
    if (away <= square && w > view.near && states[i] !== HIDDEN) near(i, away, w);
  }
}

function inFront(view: View, a: Hit, b: Hit): boolean {
  if (a.covered !== b.covered) return a.covered;
  return view.flat ? a.position > b.position : a.w < b.w;
}

function pickImage(scene: PickScene, x: number, y: number): Hit | null {
  const { images, aspect } = scene;
  if (images === null) return null;
  for (let k = images.count - 1; k >= 0; k--) {
    const size = images.size[k] as number;
    const halfWidth = (aspect >= 1 ? size : size * aspect) / 2;
    const halfHeight = (aspect >= 1 ? size / aspect : size) / 2;
    if (
      Math.abs((images.x[k] as number) - x) > halfWidth ||
      Math.abs((images.y[k] as number) - y) > halfHeight
    )
      continue;
    return { position: images.positions[k] as number, w: images.w[k] as number, covered: true };
  }
  return null;
}

function imagePositions(scene: PickScene): Set<number> | null {
  if (scene.images === null) return null;
  return new Set(scene.images.positions.subarray(0, scene.images.count));
}

/** The same rule as in src/raster. */
export function diameterAt(view: View, diameter: number, w: number): number {
  return view.flat ? diameter : diameter * Math.min(FACTOR_MAX, Math.max(0.5, view.focus / w));
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Every drawable point whose centre lies in the box, hidden by others or not, in draw order. */
export function insideBox(columns: Columns, states: Uint8Array, view: View, box: Box): Uint32Array {
  const found = new Uint32Array(states.length);
  const [a, b, c, d, e, f, g, h, k, l, m, o] = view.rows as unknown as Rows;
  let count = 0;
  for (let i = 0; i < states.length; i++) {
    const px = columns.x[i] as number;
    const py = columns.y[i] as number;
    const pz = columns.z[i] as number;
    const w = k * px + l * py + m * pz + o;
    if (w <= view.near || states[i] === HIDDEN) continue;
    const x = (a * px + b * py + c * pz + d) / w;
    const y = (e * px + f * py + g * pz + h) / w;
    if (x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) found[count++] = i;
  }
  return found.slice(0, count);
}
