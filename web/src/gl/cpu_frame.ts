// SPDX-License-Identifier: Apache-2.0
// The picture of the CPU tier, inside its worker: data in the raster's memory, and the passes over it.

import { CpuTiles } from './cpu_tiles';
import { DIM, fogTable, packed } from './fog_table';
import { PAD, type RasterModule } from './raster_module';
import { SpriteChooser, type Chosen } from './sprite_chooser';
import { DIMMED, SELECTED, type Columns, type FrameRequest } from './tier';

/** Strength of the darkening at depth jumps; "gentle" in the recipe. */
const EDGE = 6;
/** raster_depth_front << raster_depth_shift: nearer than any unselected point. */
const IMAGE_KEY = 65536 * 1024;
/** Marks a state byte as "drawn as an image": the splatter leaves it out. */
const AS_IMAGE = 0x80;

export class CpuFrame {
  n = 0;
  readonly tiles: CpuTiles;
  private readonly chooser = new SpriteChooser();
  private columns: Columns | null = null;
  private from: Columns | null = null;
  private moved = false;
  private slots: Uint8Array = new Uint8Array(0);
  private states: Uint8Array = new Uint8Array(0);
  private palette: Uint8Array = new Uint8Array(1024);
  private selected: Uint32Array = new Uint32Array(0);
  private tileOf: Uint32Array = new Uint32Array(0);
  private tableKey = '';
  private chosen: Chosen | null = null;
  // Addresses of the structs of the frame at hand.
  private points = 0;
  private view = 0;
  private target = 0;
  private how = 0;
  private stride = 0;
  private scale = 1;
  private request: FrameRequest | null = null;

  constructor(private readonly module: RasterModule) {
    this.tiles = new CpuTiles(module);
  }

  setPositions(to: Columns, from: Columns | 'last' | null): void {
    this.from = from === 'last' ? this.columns : from;
    this.columns = to;
    this.n = to.x.length;
    this.moved = true;
    if (this.states.length !== this.n) this.states = new Uint8Array(this.n);
    if (this.slots.length !== this.n) this.slots = new Uint8Array(this.n);
    if (this.tileOf.length !== this.n) this.tileOf = new Uint32Array(this.n).fill(0xffffffff);
  }

  setSlots(slots: Uint8Array, palette: Uint8Array): void {
    this.slots = slots;
    this.palette = palette;
    this.tableKey = '';
    this.tiles.forget();
  }

  setStates(states: Uint8Array, selected: Uint32Array): void {
    this.states = states;
    this.selected = selected;
  }

  setTileOf(tiles: Uint32Array): void {
    this.tileOf = tiles;
  }

  /** Clears the picture and prepares everything for splat(); scale 2 = supersampled. */
  begin(request: FrameRequest, scale: 1 | 2, prefix: number): void {
    const { view, style } = request;
    this.request = request;
    this.scale = scale;
    const width = view.width * scale;
    const height = view.height * scale;
    this.stride = Math.ceil((width + 2 * PAD + 8) / 4) * 4;
    const count = this.stride * (height + 2 * PAD + 1);
    const columns = this.place(request.mix);
    this.putPoints(columns);
    const keys = this.module.region('keys', count * 4);
    const pixels = this.module.region('pixels', view.width * view.height * 4 + 16);
    const origin = keys + (PAD * this.stride + PAD) * 4;
    this.target = this.module.struct('target', [origin, this.stride, width, height]);
    this.view = this.module.struct('view', [
      Array.from(view.rows, (value, k) => (k < 8 ? value * scale : value)),
      [view.near, view.far, view.focus, style.diameter * scale],
      view.flat ? 1 : 0,
    ]);
    const table = this.putTable(request);
    const background = packed(...style.background) | 0;
    const edge = view.flat ? 0 : EDGE;
    this.how = this.module.struct('how', [table, background, [edge], scale, pixels]);
    this.module.raster.raster_fill(keys, count, -1);
    this.chosen = null;
    if (style.images && this.tiles.ready) this.chooseImages(columns, prefix);
  }

  /** Positions begin..end, which may be called in any slices. */
  splat(begin: number, end: number): void {
    this.module.raster.raster_splat(this.points, this.view, this.target, begin, end);
  }

  /** The selected, colours and images; returns the address of width x height RGBA. */
  finish(): number {
    const request = this.request;
    if (request === null) throw new Error('finish() before begin()');
    const { raster } = this.module;
    if (this.selected.length > 0) {
      const at = this.module.put('selected', this.selected);
      const ring = 1.25 * request.style.pixelRatio * this.scale;
      raster.raster_splat_selected(
        this.points,
        this.view,
        this.target,
        at,
        this.selected.length,
        ring,
      );
    }
    raster.raster_resolve(this.target, this.how);
    if (this.chosen !== null) this.blitImages(request, this.chosen);
    return this.module.region('pixels', request.view.width * request.view.height * 4 + 16);
  }

  private place(mix: number): Columns {
    const to = this.columns ?? emptyColumns();
    const { module } = this;
    if (this.from === null || mix >= 1) {
      if (this.moved) {
        this.moved = false;
        for (const axis of ['x', 'y', 'z'] as const) module.put(axis, to[axis]);
      }
      return to;
    }
    // Current places are made anew from both ends; the next unmixed frame restores the final ones.
    this.moved = true;
    const now = {} as Columns;
    for (const axis of ['x', 'y', 'z'] as const) {
      const start = module.put('mix_from', this.from[axis]);
      const end = module.put('mix_to', to[axis]);
      const out = module.region(axis, this.n * 4);
      module.raster.raster_mix(start, end, this.n, mix, out);
    }
    for (const axis of ['x', 'y', 'z'] as const) {
      now[axis] = module.floats(module.region(axis, this.n * 4), this.n).slice();
    }
    return now;
  }

  private putPoints(columns: Columns): void {
    const { module } = this;
    const bytes = columns.x.length * 4;
    const slots = module.put('slots', this.slots);
    const states = module.put('states', this.states);
    const axes = (['x', 'y', 'z'] as const).map((axis) => module.region(axis, bytes));
    this.points = module.struct('points', [...axes, slots, states, columns.x.length]);
  }

  private putTable(request: FrameRequest): number {
    const { style, view } = request;
    const key = [style.background, style.outline, style.opacity, view.flat].join();
    if (key !== this.tableKey) {
      this.tableKey = key;
      const { background, outline, opacity } = style;
      const table = fogTable(this.palette, background, outline, opacity, view.flat);
      return this.module.put('table', table);
    }
    return this.module.region('table', 4 * 32 * 256 * 4);
  }

  private chooseImages(columns: Columns, prefix: number): void {
    const request = this.request as FrameRequest;
    this.chosen = this.chooser.choose(
      columns,
      this.states,
      this.tileOf,
      this.tiles.count,
      prefix,
      request.view,
      request.style,
    );
    const at = this.module.region('states', this.states.byteLength);
    const states = this.module.bytes(at, this.n);
    for (let k = 0; k < this.chosen.count; k++) {
      const position = this.chosen.positions[k] as number;
      states[position] = (states[position] as number) | AS_IMAGE;
    }
  }

  private blitImages(request: FrameRequest, chosen: Chosen): void {
    const { style, view } = request;
    for (let k = 0; k < chosen.count; k++) {
      const position = chosen.positions[k] as number;
      const state = this.states[position] as number;
      const selected = state === SELECTED;
      const size = this.tiles.sizeFor(chosen.size[k] as number, view.flat);
      const left = Math.round((chosen.x[k] as number) - size.width / 2);
      const top = Math.round((chosen.y[k] as number) - size.height / 2);
      const key = this.imageKey(chosen.w[k] as number, position, selected);
      if (selected) this.blitCard(request, left, top, size.width, size.height, key);
      const tint = style.tint ? this.colourOf(position) : 0xffffffff;
      const pixels = this.tiles.scaled(this.tileOf[position] as number, size, tint);
      const fade = state === DIMMED ? Math.round(DIM * 256) : 0;
      this.blit(pixels, size.width, size.height, left, top, key, fade);
    }
  }

  /** Images lie above all dots, or a crowd of dots would speckle them. */
  private imageKey(w: number, position: number, selected: boolean): number {
    if (!selected) return IMAGE_KEY;
    return this.module.raster.raster_depth_key(this.view, w, position, 1);
  }

  /** A frame around a selected image, and a plain ground under transparent ones. */
  private blitCard(
    request: FrameRequest,
    left: number,
    top: number,
    width: number,
    height: number,
    key: number,
  ): void {
    const b = Math.max(1, Math.round(2 * request.style.pixelRatio));
    const frame = this.tiles.solid(width + 2 * b, height + 2 * b, packed(...request.style.outline));
    this.blit(frame, width + 2 * b, height + 2 * b, left - b, top - b, key, 0);
    const ground = this.tiles.solid(width, height, packed(...request.style.background));
    this.blit(ground, width, height, left, top, key, 0);
  }

  private blit(
    pixels: number,
    width: number,
    height: number,
    x: number,
    y: number,
    key: number,
    fade: number,
  ): void {
    const tile = this.module.struct('tile', [pixels, width, height, x, y, key, fade]);
    this.module.raster.raster_blit(this.target, this.how, tile);
  }

  private colourOf(position: number): number {
    const at = (this.slots[position] as number) * 4;
    const p = this.palette;
    return packed(p[at] as number, p[at + 1] as number, p[at + 2] as number);
  }
}

function emptyColumns(): Columns {
  return { x: new Float32Array(0), y: new Float32Array(0), z: new Float32Array(0) };
}
