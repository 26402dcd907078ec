// SPDX-License-Identifier: Apache-2.0
// What lies over the points: labels, the ring of the hovered one, the selection box, the axes.

import type { View } from '../gl/tier';
import { basis, project } from './camera';
import { placeLabels, type LabelWish, type PlacedLabel } from './labels';
import type { Box } from './picking';
import type { Points } from './points';
import type { CameraState, Theme } from './types';

const FONT_PX = 12;
const FONT = `${FONT_PX}px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif`;
const LABEL_HEIGHT = 16;
const TEXT_MAX = 48;
/** Points asked for a label: the first in draw order are a fair sample of all. */
const CANDIDATES = 1200;
const SELECTED_LABELS = 200;
const LABELS_MAX = 160;

interface Ink {
  text: string;
  halo: string;
  ring: string;
  axes: readonly [string, string, string];
  box: string;
  boxFill: string;
}

const INKS: Record<Theme, Ink> = {
  dark: {
    text: '#e8ecf4',
    halo: 'rgba(11, 14, 20, 0.85)',
    ring: '#ffffff',
    axes: ['#ff6b7a', '#7bd88f', '#6ea8ff'],
    box: '#8ab4ff',
    boxFill: 'rgba(138, 180, 255, 0.12)',
  },
  light: {
    text: '#1b2230',
    halo: 'rgba(251, 251, 250, 0.9)',
    ring: '#111418',
    axes: ['#d43c4e', '#2e9950', '#2f6fe0'],
    box: '#2f6fe0',
    boxFill: 'rgba(47, 111, 224, 0.10)',
  },
};

export interface OverlayState {
  /** All in CSS px. */
  view: View;
  camera: CameraState;
  points: Points;
  theme: Theme;
  hovered: number | null;
  text: ((position: number) => string) | null;
  labels: boolean;
  axes: boolean;
  covered: number;
  moving: boolean;
  box: Box | null;
  /** Half the extent of what is drawn at a position. */
  clearOf: (position: number, w: number) => { radius: number; width: number; height: number };
  pixelRatio: number;
}

export class Overlay {
  readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly widths = new Map<string, number>();
  /** Positions labelled at rest: they keep their labels while the view moves. */
  private kept: number[] = [];

  constructor() {
    const context = this.canvas.getContext('2d');
    if (context === null) throw new Error('This browser has no 2-D canvas.');
    this.context = context;
  }

  forget(): void {
    this.kept = [];
    this.widths.clear();
  }

  draw(state: OverlayState): void {
    const { view, pixelRatio } = state;
    const width = Math.round(view.width * pixelRatio);
    const height = Math.round(view.height * pixelRatio);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const c = this.context;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, width, height);
    c.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    const ink = INKS[state.theme];
    if (state.axes) this.drawAxes(state, ink);
    this.drawRing(state, ink);
    this.drawLabels(state, ink);
    if (state.box !== null) this.drawBox(state.box, ink);
  }

  private drawRing(state: OverlayState, ink: Ink): void {
    const { hovered, points, view } = state;
    if (hovered === null || !points.drawable(hovered)) return;
    const [x, y, w] = place(state, hovered);
    if (w <= view.near) return;
    const c = this.context;
    const { radius, width, height } = state.clearOf(hovered, w);
    const trace = (grow: number): void => {
      c.beginPath();
      if (width === 0) c.arc(x, y, radius + grow, 0, 2 * Math.PI);
      else c.rect(x - width / 2 - grow, y - height / 2 - grow, width + 2 * grow, height + 2 * grow);
      c.stroke();
    };
    c.strokeStyle = ink.halo;
    c.lineWidth = 4;
    trace(2.5);
    c.strokeStyle = ink.ring;
    c.lineWidth = 1.75;
    trace(2.5);
  }

  private drawLabels(state: OverlayState, ink: Ink): void {
    const { text } = state;
    if (text === null) return;
    const c = this.context;
    c.font = FONT;
    c.textBaseline = 'middle';
    c.lineJoin = 'round';
    const texts = new Map<number, string>();
    const wishes: LabelWish[] = [];
    for (const { position, always } of this.candidates(state)) {
      const wish = this.wish(state, text, position, always, texts);
      if (wish !== null) wishes.push(wish);
    }
    const placed = placeLabels(wishes, state.view, LABEL_HEIGHT).slice(0, LABELS_MAX);
    if (!state.moving) this.kept = placed.filter((p) => !p.always).map((p) => p.position);
    for (const label of placed) this.write(label, texts.get(label.position) as string, ink);
  }

  private candidates(state: OverlayState): { position: number; always: boolean }[] {
    const { points, hovered } = state;
    const seen = new Set<number>();
    const out: { position: number; always: boolean }[] = [];
    const add = (position: number, always: boolean): void => {
      if (seen.has(position) || !points.drawable(position)) return;
      seen.add(position);
      out.push({ position, always });
    };
    if (hovered !== null) add(hovered, true);
    for (const position of points.selected.subarray(0, SELECTED_LABELS)) add(position, true);
    if (!state.labels) return out;
    for (const position of this.kept) add(position, false);
    if (state.moving) return out;
    for (let i = 0; i < Math.min(points.n, CANDIDATES); i++) add(i, false);
    return out;
  }

  private wish(
    state: OverlayState,
    text: (position: number) => string,
    position: number,
    always: boolean,
    texts: Map<number, string>,
  ): LabelWish | null {
    const { view } = state;
    const [x, y, w] = place(state, position);
    if (w <= view.near || x < 0 || y < 0 || x > view.width || y > view.height) return null;
    // The far half of a large cloud is in fog; its labels would seem to belong to nearer points.
    const far = (w - view.near) / (view.far - view.near) > 0.55;
    if (!always && !view.flat && far && state.points.n > 200) return null;
    const words = shortened(text(position));
    if (words === '') return null;
    texts.set(position, words);
    const { radius, width } = state.clearOf(position, w);
    return { position, x, y, clear: Math.max(radius, width / 2), width: this.width(words), always };
  }

  private width(text: string): number {
    let width = this.widths.get(text);
    if (width === undefined) {
      if (this.widths.size > 20_000) this.widths.clear();
      width = this.context.measureText(text).width;
      this.widths.set(text, width);
    }
    return width;
  }

  private write(label: PlacedLabel, text: string, ink: Ink): void {
    const c = this.context;
    const y = label.top + label.height / 2;
    c.strokeStyle = ink.halo;
    c.lineWidth = 3.5;
    c.strokeText(text, label.left, y);
    c.fillStyle = ink.text;
    c.globalAlpha = label.always ? 1 : 0.88;
    c.fillText(text, label.left, y);
    c.globalAlpha = 1;
  }

  private drawBox(box: Box, ink: Ink): void {
    const c = this.context;
    c.fillStyle = ink.boxFill;
    c.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    c.strokeStyle = ink.box;
    c.lineWidth = 1;
    const [left, top] = [Math.round(box.left) + 0.5, Math.round(box.top) + 0.5];
    c.strokeRect(left, top, Math.round(box.right - box.left), Math.round(box.bottom - box.top));
  }

  /** Three short lines in the corner that turn with the view. */
  private drawAxes(state: OverlayState, ink: Ink): void {
    const c = this.context;
    const length = 26;
    const x = state.view.width - 52;
    const y = state.view.height - 48 - state.covered;
    if (x < 120 || y < 100) return;
    const { right, up, forward } = basis(state.camera);
    const flat = state.camera.mode === '2d';
    const arms = (flat ? [0, 1] : [0, 1, 2]).map((k) => ({
      name: 'xyz'[k] as string,
      colour: ink.axes[k] as string,
      dx: flat ? (k === 0 ? 1 : 0) : (right[k] as number),
      dy: flat ? (k === 1 ? -1 : 0) : -(up[k] as number),
      depth: flat ? 0 : (forward[k] as number),
    }));
    arms.sort((a, b) => b.depth - a.depth);
    c.font = `600 10px system-ui, sans-serif`;
    c.textBaseline = 'middle';
    c.textAlign = 'center';
    c.lineCap = 'round';
    for (const arm of arms) {
      c.globalAlpha = 0.9 - 0.45 * Math.max(0, arm.depth);
      c.strokeStyle = arm.colour;
      c.fillStyle = arm.colour;
      c.lineWidth = 2;
      c.beginPath();
      c.moveTo(x, y);
      c.lineTo(x + arm.dx * length, y + arm.dy * length);
      c.stroke();
      const reach = length + 9;
      if (Math.hypot(arm.dx, arm.dy) > 0.25) {
        c.fillText(arm.name, x + arm.dx * reach, y + arm.dy * reach);
      }
    }
    c.globalAlpha = 1;
    c.textAlign = 'start';
  }
}

function place(state: OverlayState, position: number): [number, number, number] {
  const { x, y, z } = state.points.columns;
  return project(state.view, x[position] as number, y[position] as number, z[position] as number);
}

/** One line, not too long, cut between characters rather than inside one. */
function shortened(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  if (line.length <= TEXT_MAX) return line;
  return `${Array.from(line)
    .slice(0, TEXT_MAX - 1)
    .join('')}…`;
}
