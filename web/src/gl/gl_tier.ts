// SPDX-License-Identifier: Apache-2.0
// The GL tier: WebGL2, for machines with a GPU.

import { Governor } from './governor';
import { GlImages } from './gl_images';
import { GlPoints } from './gl_points';
import { PointBuffer, Program } from './gl_resources';
import { FULL_VERTEX, RESOLVE_FRAGMENT } from './gl_shaders';
import { SpriteChooser } from './sprite_chooser';
import type { Columns, FrameRequest, Tier, TierEvents, TileSource } from './tier';

const MOVING_BUDGET = 12;
const SLICE = 30;
const ROW_GUESS = 20e-6;
const EDGE = 6;
const AS_IMAGE = 0x80;
const FINE_MOVING_MS = 8;
const FINE_PIXELS_MAX = 6_000_000;
/** A lost context that is not back by then will not come back. */
const RESTORE_WITHIN = 3000;

interface Job {
  request: FrameRequest;
  scale: 1 | 2;
  next: number;
  end: number;
  spent: number;
  finer: boolean;
}

/** What must be built again when the context was lost. */
interface Resources {
  points: GlPoints;
  images: GlImages;
  resolve: Program;
  buffers: Map<number, PointBuffer>;
}

export class GlTier implements Tier {
  readonly kind = 'gl';
  readonly canvas = document.createElement('canvas');
  private readonly gl: WebGL2RenderingContext;
  private readonly governor = new Governor(MOVING_BUDGET, ROW_GUESS);
  private readonly chooser = new SpriteChooser();
  private resources: Resources;
  private to: Columns = { x: new Float32Array(0), y: new Float32Array(0), z: new Float32Array(0) };
  private from: Columns | null = null;
  private slots: Uint8Array = new Uint8Array(0);
  private palette: Uint8Array = new Uint8Array(1024);
  private states: Uint8Array = new Uint8Array(0);
  private selected: Uint32Array = new Uint32Array(0);
  private tiles: Uint32Array = new Uint32Array(0);
  private source: TileSource | null = null;
  private job: Job | null = null;
  private next: FrameRequest | null = null;
  private shown: Job | null = null;
  private masked = false;
  /** Smoothed milliseconds of a supersampled frame. */
  private fineCost = 20;
  private timer = 0;
  private lostTimer = 0;

  constructor(private readonly events: TierEvents) {
    const gl = this.canvas.getContext('webgl2', {
      antialias: false,
      alpha: false,
      depth: false,
      powerPreference: 'high-performance',
    });
    if (gl === null) throw new Error('This browser has no WebGL2.');
    this.gl = gl;
    this.resources = this.build();
    this.canvas.addEventListener('webglcontextlost', this.onLost);
    this.canvas.addEventListener('webglcontextrestored', this.onRestored);
  }

  get busy(): boolean {
    return this.job !== null;
  }

  setPositions(to: Columns, from: Columns | null): void {
    const goesOn = from !== null && from === this.to && to.x.length === from.x.length;
    this.to = to;
    this.from = from;
    if (goesOn) this.resources.points.advance(to);
    else this.resources.points.setPositions(to, from);
  }

  setSlots(slots: Uint8Array, palette: Uint8Array): void {
    this.slots = slots;
    this.palette = palette;
    this.resources.points.setSlots(slots, palette);
  }

  setStates(states: Uint8Array, selected: Uint32Array): void {
    this.states = states;
    this.selected = selected;
    this.resources.points.setStates(states);
    this.resources.points.setSelected(selected);
    this.masked = false;
  }

  setTiles(tiles: Uint32Array): void {
    this.tiles = tiles;
  }

  async setSprites(source: TileSource | null): Promise<void> {
    this.source = source;
    await this.resources.images.load(source);
  }

  draw(request: FrameRequest): void {
    if (this.job !== null && this.job.request.moving) this.next = request;
    else this.start(request);
  }

  copyTo(context: CanvasRenderingContext2D): void {
    // The drawing buffer does not outlive its task, so the last pass is repeated here.
    if (this.shown !== null) this.present(this.shown);
    context.drawImage(this.canvas, 0, 0);
  }

  destroy(): void {
    clearTimeout(this.timer);
    clearTimeout(this.lostTimer);
    this.canvas.removeEventListener('webglcontextlost', this.onLost);
    this.canvas.removeEventListener('webglcontextrestored', this.onRestored);
    this.job = null;
    this.release();
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.canvas.remove();
  }

  private build(): Resources {
    return {
      points: new GlPoints(this.gl),
      images: new GlImages(this.gl),
      resolve: new Program(this.gl, FULL_VERTEX, RESOLVE_FRAGMENT),
      buffers: new Map(),
    };
  }

  private release(): void {
    const { points, images, resolve, buffers } = this.resources;
    points.destroy();
    images.destroy();
    resolve.destroy();
    for (const buffer of buffers.values()) buffer.destroy();
  }

  private start(request: FrameRequest): void {
    clearTimeout(this.timer);
    this.next = null;
    if (this.gl.isContextLost()) return;
    const n = this.resources.points.n;
    const { width, height } = request.view;
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const pixels = width * height;
    const fine = request.style.pixelRatio < 2 && pixels <= FINE_PIXELS_MAX;
    const rows = this.governor.rows(n);
    // A quick GPU shows the fine picture even while it moves.
    const direct = fine && rows === n && (!request.moving || this.fineCost < FINE_MOVING_MS);
    this.begin({
      request,
      scale: direct ? 2 : 1,
      next: 0,
      end: request.moving ? rows : n,
      spent: 0,
      finer: fine && !direct && !request.moving,
    });
  }

  private begin(job: Job): void {
    this.job = job;
    const buffer = this.buffer(job);
    this.chooseImages(job);
    this.resources.points.clear(buffer, job.request);
    this.step();
  }

  private step(): void {
    const { job, gl } = this;
    if (job === null || gl.isContextLost()) return;
    const started = performance.now();
    const { points } = this.resources;
    const slice = job.request.moving ? job.end : this.governor.slice(SLICE);
    const end = Math.min(job.end, job.next + slice);
    points.draw(this.buffer(job), job.request, job.scale, job.next, end);
    const rows = end - job.next;
    job.next = end;
    const whole = end >= job.end;
    points.drawSelected(this.buffer(job), job.request, job.scale);
    this.present(job);
    this.await(job, rows, started, whole);
  }

  /** Waits for the GPU without blocking, learns the cost, then tells and goes on. */
  private await(job: Job, rows: number, started: number, whole: boolean): void {
    const { gl } = this;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    const look = (): void => {
      if (this.job !== job || fence === null) {
        gl.deleteSync(fence);
        return;
      }
      const status = gl.getSyncParameter(fence, gl.SYNC_STATUS) as number;
      if (status !== gl.SIGNALED && !gl.isContextLost()) {
        this.timer = window.setTimeout(look, 0);
        return;
      }
      gl.deleteSync(fence);
      const took = performance.now() - started;
      job.spent += took;
      if (job.scale === 2) this.fineCost = 0.7 * Math.min(this.fineCost, 100) + 0.3 * took;
      else this.governor.learn(rows, took * 0.3, took * 0.7);
      this.tell(job, whole);
    };
    this.timer = window.setTimeout(look, 0);
  }

  private tell(job: Job, whole: boolean): void {
    const last = whole && !job.finer;
    if (job.request.moving || last) this.job = null;
    this.events.frame({
      request: job.request,
      prefix: job.next,
      milliseconds: job.spent,
      last,
    });
    if (this.next !== null) this.start(this.next);
    else if (this.job !== job) return;
    else if (!whole) this.step();
    else this.begin({ ...job, scale: 2, next: 0, spent: 0, finer: false });
  }

  private chooseImages(job: Job): void {
    const { points, images } = this.resources;
    const { style, view, mix } = job.request;
    if (!style.images || !images.ready) {
      images.clear();
      if (this.masked) points.setStates(this.states);
      this.masked = false;
      return;
    }
    const here = mix < 1 && this.from !== null ? mixed(this.from, this.to, mix) : this.to;
    const { states, tiles } = this;
    const chosen = this.chooser.choose(here, states, tiles, images.count, job.end, view, style);
    const masked = states.slice();
    for (let k = 0; k < chosen.count; k++) {
      const position = chosen.positions[k] as number;
      masked[position] = (masked[position] as number) | AS_IMAGE;
    }
    points.setStates(masked);
    this.masked = true;
    images.build(chosen, states, tiles, job.request, (position) => {
      const at = (this.slots[position] as number) * 4;
      const channel = (k: number): number => (this.palette[at + k] as number) / 255;
      return [channel(0), channel(1), channel(2), 1];
    });
  }

  /** Points to canvas, then images over them. */
  private present(job: Job): void {
    const { gl } = this;
    const { resolve, images } = this.resources;
    const buffer = this.buffer(job);
    const { view } = job.request;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, view.width, view.height);
    gl.useProgram(resolve.program);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, buffer.depth);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, buffer.colour);
    gl.uniform1i(resolve.at('u_colour'), 0);
    gl.uniform1i(resolve.at('u_depth'), 1);
    gl.uniform1i(resolve.at('u_scale'), job.scale);
    gl.uniform1f(resolve.at('u_edge'), view.flat ? 0 : EDGE);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    images.draw(buffer, job.request, job.scale);
    this.shown = job;
  }

  private buffer(job: Job): PointBuffer {
    const { buffers } = this.resources;
    const width = job.request.view.width * job.scale;
    const height = job.request.view.height * job.scale;
    const old = buffers.get(job.scale);
    if (old !== undefined && old.width === width && old.height === height) return old;
    old?.destroy();
    const made = new PointBuffer(this.gl, width, height);
    buffers.set(job.scale, made);
    return made;
  }

  private readonly onLost = (event: Event): void => {
    event.preventDefault();
    this.job = null;
    this.shown = null;
    this.events.lost('The graphics driver was reset; the picture is being rebuilt.', false);
    this.lostTimer = window.setTimeout(() => {
      this.events.lost('The graphics driver did not come back; drawing on the CPU.', true);
    }, RESTORE_WITHIN);
  };

  private readonly onRestored = (): void => {
    clearTimeout(this.lostTimer);
    this.resources = this.build();
    this.resources.points.setPositions(this.to, this.from);
    this.setSlots(this.slots, this.palette);
    this.setStates(this.states, this.selected);
    const again = (): void => this.events.lost('', false);
    this.setSprites(this.source).then(again, again);
    again();
  };
}

function mixed(from: Columns, to: Columns, t: number): Columns {
  const blend = (a: Float32Array, b: Float32Array): Float32Array =>
    b.map((value, i) => {
      const start = a[i] as number;
      return Number.isNaN(start) ? value : start + (value - start) * t;
    });
  return { x: blend(from.x, to.x), y: blend(from.y, to.y), z: blend(from.z, to.z) };
}
