// SPDX-License-Identifier: Apache-2.0
// Camera mathematics: from a CameraState to where points land, and back. No state, no DOM.
//
// 3-D: perspective; at yaw 0, pitch 0 one looks along -z, x to the right, y up.
// 2-D: orthographic on x and y.

import type { View } from '../gl/tier';
import type { Axis, CameraState } from './types';

export type Vec3 = [number, number, number];

/** Opening angle across the shorter side of the view. */
const FIELD_OF_VIEW = (38 * Math.PI) / 180;
const FOCAL = 0.5 / Math.tan(FIELD_OF_VIEW / 2);
/** What fitted points leave free at the sides, for pictures, labels and the tools; CSS px. */
const MARGIN_PX = { width: 64, height: 84 };
const FILL_MIN = 0.6;
/** Points measured for the size of the cloud; draw order is random, so the first are a fair sample. */
const FIT_SAMPLE = 20_000;
const NEAR_MIN = 0.01;
const PITCH_MAX = Math.PI / 2;
export const DISTANCE_MIN = 0.02;
export const DISTANCE_MAX = 40;
export const ZOOM_MIN = 0.05;
export const ZOOM_MAX = 5000;

export interface Size {
  width: number;
  height: number;
}

export function startCamera(): CameraState {
  return { mode: '3d', target: [0, 0, 0], distance: 4, yaw: -0.55, pitch: 0.35, zoom: 1 };
}

interface Basis {
  right: Vec3;
  up: Vec3;
  forward: Vec3;
}

export function basis(camera: CameraState): Basis {
  const { yaw, pitch } = camera;
  const [sy, cy, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  return {
    right: [cy, 0, -sy],
    up: [-sy * sp, cp, -cy * sp],
    forward: [-sy * cp, -sp, -cy * cp],
  };
}

/** Pixels per unit in 2-D. */
export function scaleOf(camera: CameraState, size: Size): number {
  return camera.zoom * Math.min(size.width, size.height) * 0.5 * 0.92;
}

/** radius: no point lies farther from the origin; bounds depth and fog. */
export function viewOf(camera: CameraState, size: Size, radius: number): View {
  const { width, height } = size;
  const rows = new Float32Array(12);
  if (camera.mode === '2d') {
    const scale = scaleOf(camera, size);
    rows.set([scale, 0, 0, width / 2 - scale * camera.target[0]], 0);
    rows.set([0, -scale, 0, height / 2 + scale * camera.target[1]], 4);
    rows.set([0, 0, 0, 1], 8);
    return { width, height, rows, flat: true, near: 0, far: 2, focus: 1 };
  }
  const { right, up, forward } = basis(camera);
  const focal = FOCAL * Math.min(width, height);
  const eye = eyeOf(camera, forward);
  for (let k = 0; k < 3; k++) {
    const f = forward[k] as number;
    rows[k] = (width / 2) * f + focal * (right[k] as number);
    rows[4 + k] = (height / 2) * f - focal * (up[k] as number);
    rows[8 + k] = f;
  }
  for (const row of [0, 4, 8]) {
    rows[row + 3] = -dot(
      [rows[row] as number, rows[row + 1] as number, rows[row + 2] as number],
      eye,
    );
  }
  const middle = -dot(forward, eye);
  const near = Math.max(NEAR_MIN, middle - radius);
  const far = Math.max(near + 0.05, middle + radius);
  return { width, height, rows, flat: false, near, far, focus: camera.distance };
}

/** Pixels and depth of a point; w <= view.near means it is not seen. */
export function project(view: View, x: number, y: number, z: number): Vec3 {
  const r = view.rows;
  const w = (r[8] as number) * x + (r[9] as number) * y + (r[10] as number) * z + (r[11] as number);
  return [
    ((r[0] as number) * x + (r[1] as number) * y + (r[2] as number) * z + (r[3] as number)) / w,
    ((r[4] as number) * x + (r[5] as number) * y + (r[6] as number) * z + (r[7] as number)) / w,
    w,
  ];
}

/** The point at pixel (px, py) and depth w (3-D) or on the plane z = 0 (2-D). */
export function unproject(
  camera: CameraState,
  size: Size,
  px: number,
  py: number,
  w: number,
): Vec3 {
  const dx = px - size.width / 2;
  const dy = py - size.height / 2;
  if (camera.mode === '2d') {
    const scale = scaleOf(camera, size);
    return [camera.target[0] + dx / scale, camera.target[1] - dy / scale, 0];
  }
  const { right, up, forward } = basis(camera);
  const eye = eyeOf(camera, forward);
  const focal = FOCAL * Math.min(size.width, size.height);
  const at = (k: number): number =>
    (eye[k] as number) +
    w *
      ((forward[k] as number) +
        ((right[k] as number) * dx) / focal -
        ((up[k] as number) * dy) / focal);
  return [at(0), at(1), at(2)];
}

/** factor > 1 comes closer. What lies under the pixel (at the target's depth) stays under it. */
export function zoomTo(
  camera: CameraState,
  size: Size,
  px: number,
  py: number,
  factor: number,
): CameraState {
  const flat = camera.mode === '2d';
  const next = { ...camera };
  if (flat) next.zoom = clamp(camera.zoom * factor, ZOOM_MIN, ZOOM_MAX);
  else next.distance = clamp(camera.distance / factor, DISTANCE_MIN, DISTANCE_MAX);
  const share = flat ? 1 - camera.zoom / next.zoom : 1 - next.distance / camera.distance;
  const under = unproject(camera, size, px, py, camera.distance);
  next.target = move(camera.target, subtract(under, camera.target), share);
  return next;
}

/** Turns by pixels dragged: across the shorter side is half a turn. */
export function orbit(camera: CameraState, size: Size, dx: number, dy: number): CameraState {
  const step = Math.PI / Math.min(size.width, size.height);
  return {
    ...camera,
    yaw: wrap(camera.yaw - dx * step),
    pitch: clamp(camera.pitch + dy * step, -PITCH_MAX, PITCH_MAX),
  };
}

/** Moves the target so that the picture follows the pointer by (dx, dy) pixels. */
export function pan(camera: CameraState, size: Size, dx: number, dy: number): CameraState {
  const middle = { x: size.width / 2, y: size.height / 2 };
  const here = unproject(camera, size, middle.x, middle.y, camera.distance);
  const there = unproject(camera, size, middle.x - dx, middle.y - dy, camera.distance);
  return { ...camera, target: move(camera.target, subtract(there, here), 1) };
}

export interface Cloud {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  z: ArrayLike<number>;
}

function roomIn(size: Size, covered: number): Size {
  const left = (side: 'width' | 'height', more: number): number =>
    Math.max(size[side] - 2 * (MARGIN_PX[side] + more), size[side] * FILL_MIN);
  return { width: left('width', 0), height: left('height', covered) };
}

/**
 * Shows all given points, keeping the direction of the look. `at` yields indices into the cloud;
 * `covered` CSS px at the lower edge are to be left free besides.
 */
export function fitTo(
  camera: CameraState,
  size: Size,
  cloud: Cloud,
  at: Iterable<number>,
  covered = 0,
): CameraState {
  const low: Vec3 = [Infinity, Infinity, Infinity];
  const high: Vec3 = [-Infinity, -Infinity, -Infinity];
  const points: number[] = [];
  for (const i of at) {
    const p = pointOf(cloud, i);
    if (!p.every(Number.isFinite)) continue;
    points.push(i);
    for (let k = 0; k < 3; k++) {
      low[k] = Math.min(low[k] as number, p[k] as number);
      high[k] = Math.max(high[k] as number, p[k] as number);
    }
  }
  if (points.length === 0) return { ...camera, target: [0, 0, 0], distance: 4, zoom: 1 };
  const target: Vec3 = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2];
  if (camera.mode === '2d') {
    const room = roomIn(size, covered);
    const unit = Math.min(size.width, size.height) * 0.5 * 0.92;
    const scale = Math.min(
      room.width / Math.max(high[0] - low[0], 1e-3),
      room.height / Math.max(high[1] - low[1], 1e-3),
    );
    return { ...camera, target, zoom: clamp(scale / unit, ZOOM_MIN, 400) };
  }
  const room = roomIn(size, covered);
  const distance = fitDistance({ ...camera, target }, size, room, cloud, points);
  return { ...camera, target, distance };
}

function fitDistance(
  camera: CameraState,
  size: Size,
  room: Size,
  cloud: Cloud,
  points: number[],
): number {
  const { right, up, forward } = basis(camera);
  const focal = FOCAL * Math.min(size.width, size.height);
  let distance = 0.05;
  const radii: number[] = [];
  for (const i of points) {
    const p = subtract(pointOf(cloud, i), camera.target);
    const across = (2 * focal * Math.abs(dot(p, right))) / room.width;
    const along = (2 * focal * Math.abs(dot(p, up))) / room.height;
    distance = Math.max(distance, Math.max(across, along) - dot(p, forward));
    if (radii.length < FIT_SAMPLE) radii.push(Math.hypot(...p));
  }
  // Not so close that turning the cloud would push half of it out of the view.
  radii.sort((a, b) => a - b);
  const radius = radii[Math.floor(radii.length * 0.99)] ?? 0;
  const sphere = radius / Math.sin(FIELD_OF_VIEW / 2);
  return clamp(Math.max(distance, sphere * 0.6), 0.12, DISTANCE_MAX);
}

/** Yaw and pitch to look along an axis, from its positive end unless `negative`. */
export function lookAlong(camera: CameraState, axis: Axis, negative: boolean): CameraState {
  const sign = negative ? -1 : 1;
  if (axis === 'x') return { ...camera, yaw: (sign * Math.PI) / 2, pitch: 0 };
  if (axis === 'y') return { ...camera, yaw: 0, pitch: (sign * Math.PI) / 2 };
  return { ...camera, yaw: negative ? Math.PI : 0, pitch: 0 };
}

/** t in 0..1; angles go the short way, distance and zoom by ratio. */
export function between(a: CameraState, b: CameraState, t: number): CameraState {
  if (t >= 1 || a.mode !== b.mode) return b;
  const ratio = (p: number, q: number): number => p * (q / p) ** t;
  return {
    mode: b.mode,
    target: move(a.target, subtract(b.target, a.target), t),
    distance: ratio(a.distance, b.distance),
    yaw: a.yaw + wrap(b.yaw - a.yaw) * t,
    pitch: a.pitch + (b.pitch - a.pitch) * t,
    zoom: ratio(a.zoom, b.zoom),
  };
}

/** A state from outside (a URL, say) made safe to draw with. */
export function checked(camera: CameraState): CameraState {
  const start = startCamera();
  const number = (value: number, otherwise: number): number =>
    Number.isFinite(value) ? value : otherwise;
  return {
    mode: camera.mode === '2d' ? '2d' : '3d',
    target: [0, 1, 2].map((k) => number(camera.target[k] as number, 0)) as Vec3,
    distance: clamp(number(camera.distance, start.distance), DISTANCE_MIN, DISTANCE_MAX),
    yaw: wrap(number(camera.yaw, start.yaw)),
    pitch: clamp(number(camera.pitch, start.pitch), -PITCH_MAX, PITCH_MAX),
    zoom: clamp(number(camera.zoom, 1), ZOOM_MIN, ZOOM_MAX),
  };
}

function eyeOf(camera: CameraState, forward: Vec3): Vec3 {
  return move(camera.target, forward, -camera.distance);
}

function pointOf(cloud: Cloud, i: number): Vec3 {
  return [cloud.x[i] as number, cloud.y[i] as number, cloud.z[i] as number];
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function move(from: Vec3, by: Vec3, share: number): Vec3 {
  return [from[0] + by[0] * share, from[1] + by[1] * share, from[2] + by[2] * share];
}

function wrap(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
