// SPDX-License-Identifier: Apache-2.0
// The picture of all points: ties camera, data, drawing tier, overlay and hands together, and draws
// only when something changed.

import type { FrameResult, Columns } from '../gl/tier';
import {
  between,
  checked,
  fitTo,
  lookAlong,
  orbit,
  pan,
  project,
  startCamera,
  viewOf,
  zoomTo,
  type Size,
} from './camera';
import { Controls, type Actions } from './controls';
import { Emitter } from './emitter';
import { startLook, startPalette, styleOf } from './look';
import { Overlay } from './overlay';
import { insideBox, type Box } from './picking';
import { Picker } from './picker';
import { Points, boxBetween, boxOf, mixColumns, placed, type Box as Extent } from './points';
import { Stage } from './stage';
import type { Axis, CameraState, Look, Motion, RendererKind } from './types';
import type { SceneEvents, SceneOptions, SpriteAtlas, Tool } from './types';

export type * from './types';

const GLIDE_MS = 250;
/** Without a change for so long the picture is at rest and is drawn whole and fine. */
const REST_MS = 90;
/** How far the frame follows one step of a layout in the making: its size must not flicker. */
const FOLLOW = 0.4;
/** Points that the camera is fitted to while it follows; the first in draw order are a fair sample. */
const FOLLOW_SAMPLE = 4000;
const PIXEL_RATIO_MAX: Record<RendererKind, number> = { gl: 3, cpu: 2 };

/** Owns its canvases, listeners and drawing tier until destroy(). */
export class Scene {
  private readonly host: HTMLElement;
  private readonly events = new Emitter<SceneEvents>();
  private readonly points = new Points();
  private readonly stage: Stage;
  private readonly overlay = new Overlay();
  private readonly controls: Controls;
  private readonly picker = new Picker();
  private readonly resize: ResizeObserver;
  private readonly still: boolean;
  private look: Look;
  private state: CameraState = startCamera();
  private size: Size = { width: 0, height: 0 };
  private slots = new Uint8Array(0);
  private palette: Uint8Array = startPalette();
  private text: ((position: number) => string) | null = null;
  private hovered: number | null = null;
  private box: Box | null = null;
  /** Modes whose view was set by someone; others are fitted when first shown. */
  private readonly framed = new Set<CameraState['mode']>();
  private flight: { from: CameraState; to: CameraState; start: number } | null = null;
  private glide: { from: Columns; start: number; milliseconds: number; even: boolean } | null =
    null;
  /** What is scaled into -1..1 at present. */
  private extent: Extent = { middle: [0, 0, 0], half: 0 };
  private frameAsked = 0;
  private restTimer = 0;
  private changed = { camera: false, picture: false, overlay: false };
  private lastChange = 0;
  private pointer: { x: number; y: number } | null = null;
  private lastFrame: FrameResult | null = null;
  private moving = false;

  private constructor(options: SceneOptions) {
    const { host } = options;
    this.host = host;
    this.look = startLook(options.theme ?? 'dark');
    this.still = options.reducedMotion ?? matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (getComputedStyle(host).position === 'static')
      host.style.setProperty('position', 'relative');
    host.style.setProperty('touch-action', 'none');
    host.style.setProperty('cursor', 'grab');
    if (!host.hasAttribute('tabindex')) host.tabIndex = 0;
    const style = this.overlay.canvas.style;
    for (const [name, value] of OVERLAY_STYLE) style.setProperty(name, value);
    host.append(this.overlay.canvas);
    this.stage = new Stage(host, {
      frame: (result) => this.onFrame(result),
      stale: () => this.touch('picture'),
      lost: (message) => this.events.emit('lost', { message }),
    });
    this.controls = new Controls(host, this.actions());
    this.resize = new ResizeObserver(() => this.measure());
    this.resize.observe(host);
  }

  /** Calibrates, picks the drawing tier, appends its canvases to the host and observes its size. */
  static async create(options: SceneOptions): Promise<Scene> {
    const scene = new Scene(options);
    try {
      await scene.stage.start(options.renderer ?? 'auto');
    } catch (error) {
      scene.destroy();
      throw error;
    }
    scene.measure();
    return scene;
  }

  get renderer(): RendererKind {
    return this.stage.kind;
  }

  /** Draw position -> row (which is the sprite's tile). */
  setOrder(order: Uint32Array): void {
    this.picker.tiles = order;
    this.stage.setTiles(order);
    this.touch('picture');
  }

  /** One value per draw position; NaN = not drawn; z null = 2-D. animate: glides from the old places. */
  setPositions(x: Float32Array, y: Float32Array, z: Float32Array | null, animate = false): void {
    const old = this.points.columns;
    const glides = animate && !this.still && old.x.length === x.length && x.length > 0;
    const from = glides ? this.currentColumns() : null;
    this.extent = boxOf(x, y, z);
    this.points.setColumns(placed(x, y, z, this.extent));
    this.stage.setPositions(this.points.columns, from);
    this.glide =
      from === null
        ? null
        : { from, start: performance.now(), milliseconds: GLIDE_MS, even: false };
    if (this.slots.length !== this.points.n) {
      this.slots = new Uint8Array(this.points.n);
      this.stage.setSlots(this.slots, this.palette);
    }
    if (this.hovered !== null && this.hovered >= this.points.n) this.hovered = null;
    this.sendStates();
    this.overlay.forget();
    if (z === null && this.state.mode === '3d') this.state = { ...this.state, mode: '2d' };
    this.frameOnce();
    this.touch('picture');
  }

  /**
   * One step of a layout in the making, as setPositions: the points move on at an even pace, the
   * frame around them follows gently, labels and selection stay.
   */
  flowTo(x: Float32Array, y: Float32Array, z: Float32Array | null, motion: Motion): void {
    const now = performance.now();
    if (x.length !== this.points.n || this.extent.half === 0) {
      this.setPositions(x, y, z);
      return;
    }
    const milliseconds = this.still ? 0 : motion.milliseconds;
    const from = milliseconds > 0 ? this.currentColumns() : null;
    this.extent = boxBetween(this.extent, boxOf(x, y, z), this.still ? 1 : FOLLOW);
    const sameStates = this.points.moveColumns(placed(x, y, z, this.extent));
    this.stage.setPositions(this.points.columns, from);
    this.glide = from === null ? null : { from, start: now, milliseconds, even: true };
    if (!sameStates) this.sendStates();
    this.picker.forget();
    if (z === null && this.state.mode === '3d') this.state = { ...this.state, mode: '2d' };
    if (motion.follow) this.followPoints();
    this.touch('picture');
  }

  /** slots: one per position; palette: 256 x RGBA. */
  setColours(slots: Uint8Array, palette: Uint8Array): void {
    this.slots = slots.slice();
    this.palette = palette.slice();
    this.stage.setSlots(this.slots, this.palette);
    this.touch('picture');
  }

  /** 0 = hidden. */
  setVisible(mask: Uint8Array | null): void {
    this.points.setMask(mask?.slice() ?? null);
    this.sendStates();
    this.touch('picture');
  }

  setSelection(positions: Uint32Array | null): void {
    this.points.setSelected(positions);
    this.sendStates();
    this.touch('picture');
  }

  setHover(position: number | null): void {
    if (position === this.hovered) return;
    this.hovered = position;
    this.touch('overlay');
  }

  /** Resolves when the images can be drawn; a newer call ends an older one. */
  async setSprites(atlas: SpriteAtlas | null): Promise<void> {
    this.picker.atlas = atlas;
    const source = atlas === null ? null : { ...atlas, count: this.picker.tileCount };
    await this.stage.setSprites(source);
    this.touch('picture');
  }

  setLook(look: Partial<Look>): void {
    this.look = { ...this.look, ...look };
    this.touch('picture');
  }

  setLabelText(text: ((position: number) => string) | null): void {
    this.text = text;
    this.overlay.forget();
    this.touch('overlay');
  }

  setTool(tool: Tool): void {
    this.controls.tool = tool;
    this.host.style.setProperty('cursor', tool === 'box' ? 'crosshair' : 'grab');
  }

  camera(): CameraState {
    const state = this.flight?.to ?? this.state;
    return { ...state, target: [...state.target] };
  }

  setCamera(camera: CameraState, animate = false): void {
    this.framed.add(camera.mode);
    this.fly(checked(camera), animate);
  }

  setMode(mode: '2d' | '3d'): void {
    const now = this.camera();
    if (now.mode === mode) return;
    this.fly({ ...now, mode }, false);
    this.frameOnce();
  }

  /** Shows the given points, or all that are drawn. */
  fit(positions?: Uint32Array): void {
    this.framed.add(this.camera().mode);
    this.fly(this.fitted(positions), true);
  }

  lookAlong(axis: Axis, negative = false): void {
    if (this.camera().mode === '3d') this.fly(lookAlong(this.camera(), axis, negative), true);
  }

  /** CSS px inside the host. */
  screenPosition(position: number): { x: number; y: number; visible: boolean } {
    const { x, y, z } = this.points.columns;
    const view = this.view();
    if (position < 0 || position >= this.points.n) return { x: 0, y: 0, visible: false };
    const [px, py, w] = project(
      view,
      x[position] as number,
      y[position] as number,
      z[position] as number,
    );
    const inside = px >= 0 && py >= 0 && px <= view.width && py <= view.height;
    return { x: px, y: py, visible: this.points.drawable(position) && w > view.near && inside };
  }

  pick(x: number, y: number): number | null {
    const style = styleOf(this.look, this.points.n, this.size, 1);
    return this.picker.pick(this.points, this.view(), style, x, y);
  }

  /** PNG of the view, labels included. */
  async snapshot(): Promise<Blob> {
    const canvas = document.createElement('canvas');
    canvas.width = this.overlay.canvas.width;
    canvas.height = this.overlay.canvas.height;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('This browser has no 2-D canvas.');
    this.stage.copyTo(context);
    context.drawImage(this.overlay.canvas, 0, 0);
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => {
        if (blob === null) reject(new Error('The browser could not write a PNG of the view.'));
        else resolve(blob);
      }, 'image/png');
    });
  }

  /** Returns a function that stops listening. */
  on<K extends keyof SceneEvents>(name: K, listener: (event: SceneEvents[K]) => void): () => void {
    return this.events.on(name, listener);
  }

  destroy(): void {
    cancelAnimationFrame(this.frameAsked);
    clearTimeout(this.restTimer);
    this.resize.disconnect();
    this.controls.destroy();
    this.stage.destroy();
    this.overlay.canvas.remove();
    this.events.clear();
  }

  private actions(): Actions {
    const turn = (next: CameraState): void => {
      this.flight = null;
      this.framed.add(next.mode);
      this.state = next;
      this.touch('camera');
    };
    return {
      orbit: (dx, dy) => turn(orbit(this.state, this.size, dx, dy)),
      pan: (dx, dy) => turn(pan(this.state, this.size, dx, dy)),
      drag: (dx, dy) => {
        const move = this.state.mode === '3d' ? orbit : pan;
        turn(move(this.state, this.size, dx, dy));
      },
      zoom: (x, y, factor) => turn(zoomTo(this.state, this.size, x, y, factor)),
      hover: (x, y) => {
        this.pointer = { x, y };
        this.ask();
      },
      leave: () => {
        this.pointer = null;
        this.tellHover(null, 0, 0);
      },
      click: (x, y, event) => {
        const position = this.pick(x, y);
        this.events.emit('click', { position, shift: event.shiftKey, alt: event.altKey });
      },
      showBox: (box) => {
        this.box = box;
        this.touch('overlay');
      },
      selectBox: (box, event) => {
        const { columns, states } = this.points;
        const positions = insideBox(columns, states, this.view(), box);
        this.events.emit('box', { positions, shift: event.shiftKey, alt: event.altKey });
      },
      fit: () => this.fit(this.points.selected.length > 0 ? this.points.selected : undefined),
      look: (axis, negative) => this.lookAlong(axis, negative),
      size: () => this.size,
    };
  }

  private view(): ReturnType<typeof viewOf> {
    return viewOf(this.state, this.size, this.points.radius);
  }

  private currentColumns(): Columns {
    const { columns } = this.points;
    const share = this.glideShare(performance.now());
    return this.glide === null || share >= 1
      ? columns
      : mixColumns(this.glide.from, columns, share);
  }

  private glideShare(now: number): number {
    if (this.glide === null) return 1;
    const { start, milliseconds, even } = this.glide;
    const share = Math.min(1, Math.max(0, (now - start) / milliseconds));
    return even ? share : ease(share);
  }

  private sendStates(): void {
    this.stage.setStates(this.points.states, this.points.selected);
  }

  private fitted(positions?: Uint32Array): CameraState {
    const { points } = this;
    const all = function* (): Iterable<number> {
      for (let i = 0; i < points.n; i++) if (points.drawable(i)) yield i;
    };
    return fitTo(this.camera(), this.size, points.columns, positions ?? all());
  }

  private followPoints(): void {
    const { points } = this;
    const sample = Math.min(points.n, FOLLOW_SAMPLE);
    const some = function* (): Iterable<number> {
      for (let i = 0; i < sample; i++) if (points.drawable(i)) yield i;
    };
    this.framed.add(this.camera().mode);
    const { covered } = this.look;
    this.fly(fitTo(this.camera(), this.size, points.columns, some(), covered), true);
  }

  /** The first picture of a mode shows everything. */
  private frameOnce(): void {
    const { mode } = this.camera();
    if (this.framed.has(mode) || this.points.n === 0 || this.size.width === 0) return;
    this.framed.add(mode);
    this.fly(this.fitted(), false);
  }

  private fly(to: CameraState, animate: boolean): void {
    const moves = animate && !this.still && to.mode === this.state.mode;
    this.flight = moves ? { from: this.state, to, start: performance.now() } : null;
    if (!moves) this.state = to;
    this.touch('camera');
  }

  private measure(): void {
    const { clientWidth, clientHeight } = this.host;
    if (clientWidth === this.size.width && clientHeight === this.size.height) return;
    this.size = { width: clientWidth, height: clientHeight };
    this.frameOnce();
    this.touch('picture');
  }

  private touch(what: 'camera' | 'picture' | 'overlay'): void {
    this.changed[what] = true;
    if (what === 'camera') this.changed.picture = true;
    this.ask();
  }

  private ask(): void {
    if (this.frameAsked === 0) this.frameAsked = requestAnimationFrame(this.onTick);
  }

  private readonly onTick = (now: number): void => {
    this.frameAsked = 0;
    if (this.size.width === 0 || this.size.height === 0) return;
    if (this.flight !== null) {
      const { from, to, start } = this.flight;
      const t = ease((now - start) / GLIDE_MS);
      this.state = between(from, to, t);
      if (t >= 1) this.flight = null;
      this.changed.camera = this.changed.picture = true;
    }
    if (this.glide !== null) this.changed.picture = true;
    if (this.pointer !== null && !this.controls.dragging) this.hoverNow(this.pointer);
    const { camera, picture, overlay } = this.changed;
    this.changed = { camera: false, picture: false, overlay: false };
    if (camera) this.events.emit('camera', { ...this.state, target: [...this.state.target] });
    if (picture) this.drawPicture(now, camera);
    else if (overlay) this.drawOverlay();
    if (this.flight !== null || this.glide !== null) this.ask();
  };

  /** Changes in quick succession are drawn as movement; a single one at once in full. */
  private drawPicture(now: number, camera: boolean): void {
    const share = this.glideShare(now);
    const quick = now - this.lastChange < REST_MS;
    this.lastChange = now;
    this.moving = camera || share < 1 || quick;
    if (share >= 1) this.glide = null;
    clearTimeout(this.restTimer);
    this.submit(this.moving, share);
    if (this.moving) this.restTimer = window.setTimeout(this.onRest, REST_MS);
  }

  private readonly onRest = (): void => {
    this.moving = false;
    this.submit(false, this.glideShare(performance.now()));
  };

  private pixelRatio(): number {
    return Math.min(Math.max(1, devicePixelRatio), PIXEL_RATIO_MAX[this.stage.kind]);
  }

  private submit(moving: boolean, mix: number): void {
    const ratio = this.pixelRatio();
    const size = {
      width: Math.max(1, Math.round(this.size.width * ratio)),
      height: Math.max(1, Math.round(this.size.height * ratio)),
    };
    this.stage.draw({
      view: viewOf(this.state, size, this.points.radius),
      style: styleOf(this.look, this.points.n, this.size, ratio),
      mix,
      moving,
    });
    this.shownCamera = this.state;
  }

  private shownCamera: CameraState = startCamera();

  private onFrame(result: FrameResult): void {
    this.lastFrame = result;
    this.drawOverlay();
    const { n } = this.points;
    this.events.emit('frame', {
      drawn: this.points.countBefore(Math.min(result.prefix, n)),
      total: n,
      complete: result.prefix >= n && this.glide === null,
      milliseconds: result.milliseconds,
    });
  }

  private drawOverlay(): void {
    const style = styleOf(this.look, this.points.n, this.size, 1);
    this.overlay.draw({
      view: viewOf(this.shownCamera, this.size, this.points.radius),
      camera: this.shownCamera,
      points: this.points,
      theme: this.look.theme,
      hovered: this.hovered,
      text: this.text,
      labels: this.look.labels,
      axes: this.look.axes,
      covered: this.look.covered,
      moving: this.moving || this.lastFrame?.last === false,
      box: this.box,
      clearOf: (position, w) => this.picker.extent(this.points, this.view(), style, position, w),
      pixelRatio: this.pixelRatio(),
    });
  }

  private hoverNow(pointer: { x: number; y: number }): void {
    this.pointer = null;
    this.tellHover(this.pick(pointer.x, pointer.y), pointer.x, pointer.y);
  }

  private tellHover(position: number | null, x: number, y: number): void {
    if (this.controls.tool === 'orbit') {
      this.host.style.setProperty('cursor', position === null ? 'grab' : 'pointer');
    }
    this.setHover(position);
    this.events.emit('hover', { position, x, y });
  }
}

const OVERLAY_STYLE: [string, string][] = [
  ['position', 'absolute'],
  ['inset', '0'],
  ['width', '100%'],
  ['height', '100%'],
  ['pointer-events', 'none'],
];

function ease(t: number): number {
  const x = Math.min(1, Math.max(0, t));
  return 1 - (1 - x) ** 3;
}
