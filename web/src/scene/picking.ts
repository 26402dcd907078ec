// SPDX-License-Identifier: Apache-2.0
// Which point is meant: on the CPU in both tiers, exact, over all points.

import type { Chosen } from '../gl/sprite_chooser';
import { HIDDEN, type Columns, type View } from '../gl/tier';

/** A pointer this near (CSS px) means the point, even beside its disc. */
export const PICK_RADIUS = 6;

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
  const { columns, states, view } = scene;
  const shown = imagePositions(scene);
  const r = view.rows;
  let best: Hit | null = null;
  for (let i = 0; i < states.length; i++) {
    if (states[i] === HIDDEN) continue;
    const [px, py, pz] = [columns.x[i] as number, columns.y[i] as number, columns.z[i] as number];
    const w =
      (r[8] as number) * px + (r[9] as number) * py + (r[10] as number) * pz + (r[11] as number);
    if (w <= view.near) continue;
    const dx =
      ((r[0] as number) * px + (r[1] as number) * py + (r[2] as number) * pz + (r[3] as number)) /
        w -
      x;
    const dy =
      ((r[4] as number) * px + (r[5] as number) * py + (r[6] as number) * pz + (r[7] as number)) /
        w -
      y;
    const away = dx * dx + dy * dy;
    const dot = diameterAt(view, scene.diameter, w) / 2;
    const reach = Math.max(dot, scene.radius);
    if (away > reach * reach || shown?.has(i) === true) continue;
    const covered = away <= dot * dot;
    if (image !== null && !covered) continue;
    if (best === null || inFront(view, { position: i, w, covered }, best)) {
      best = { position: i, w, covered };
    }
  }
  return best;
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
  return view.flat ? diameter : diameter * Math.min(2.5, Math.max(0.5, view.focus / w));
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
  const r = view.rows;
  let count = 0;
  for (let i = 0; i < states.length; i++) {
    if (states[i] === HIDDEN) continue;
    const [px, py, pz] = [columns.x[i] as number, columns.y[i] as number, columns.z[i] as number];
    const w =
      (r[8] as number) * px + (r[9] as number) * py + (r[10] as number) * pz + (r[11] as number);
    if (w <= view.near) continue;
    const x =
      ((r[0] as number) * px + (r[1] as number) * py + (r[2] as number) * pz + (r[3] as number)) /
      w;
    const y =
      ((r[4] as number) * px + (r[5] as number) * py + (r[6] as number) * pz + (r[7] as number)) /
      w;
    if (x >= box.left && x <= box.right && y >= box.top && y <= box.bottom) found[count++] = i;
  }
  return found.slice(0, count);
}
