// SPDX-License-Identifier: Apache-2.0
// The images of the GL tier: chosen tiles as quads over the resolved picture, far to near.

import { layOutPages, MIP_LEVELS, tilePlace, type PageLayout } from '../data/sprite_pages';
import { storedSize } from '../data/sprite_tiles';
import workerUrl from '../data/sprite_worker.ts?worker&url';
import type { PagesReply, PagesRequest } from '../data/sprite_worker';
import { Program, type PointBuffer } from './gl_resources';
import { DIM } from './fog_table';
import { startWorker } from './own_worker';
import { IMAGE_FRAGMENT, IMAGE_VERTEX } from './gl_shaders';
import type { Chosen } from './sprite_chooser';
import { DIMMED, SELECTED, type FrameRequest, type TileSource, type View } from './tier';

const FLOATS = 10;

type Colour = readonly [number, number, number, number];

export class GlImages {
  ready = false;
  count = 0;
  private readonly program: Program;
  private readonly array: WebGLVertexArrayObject;
  private readonly vertices: WebGLBuffer;
  private readonly indices: WebGLBuffer;
  private indexed = 0;
  private pages: WebGLTexture | null = null;
  private layout: PageLayout | null = null;
  private aspect = 1;
  private worker: Worker | null = null;
  private stop: (() => void) | null = null;
  private data = new Float32Array(0);
  private quads = 0;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.program = new Program(gl, IMAGE_VERTEX, IMAGE_FRAGMENT, [
      'a_place',
      'a_texel',
      'a_colour',
    ]);
    this.array = gl.createVertexArray();
    this.vertices = gl.createBuffer();
    this.indices = gl.createBuffer();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices);
    const widths = [4, 2, 4];
    let offset = 0;
    widths.forEach((width, k) => {
      gl.enableVertexAttribArray(k);
      gl.vertexAttribPointer(k, width, gl.FLOAT, false, FLOATS * 4, offset * 4);
      offset += width;
    });
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.indices);
    gl.bindVertexArray(null);
  }

  /** Cuts pages in a worker and uploads each as it comes; resolves when all are there. */
  async load(source: TileSource | null): Promise<void> {
    this.abandon();
    if (source === null) return;
    const tile = storedSize(source.tileWidth, source.tileHeight, source.count);
    const layout = layOutPages(tile, source.count);
    const limit = this.gl.getParameter(this.gl.MAX_ARRAY_TEXTURE_LAYERS) as number;
    if (layout.pages > limit) throw new Error(`${layout.pages} pages of images; ${limit} fit.`);
    this.layout = layout;
    this.aspect = source.tileWidth / source.tileHeight;
    this.allocate(layout);
    const image = await createImageBitmap(source.image);
    const worker = startWorker(workerUrl);
    this.worker = worker;
    await new Promise<void>((resolve, reject) => {
      this.stop = resolve;
      worker.onmessage = (event: MessageEvent<PagesReply>) => {
        const reply = event.data;
        if (reply.kind === 'page') this.upload(layout, reply.page, reply.levels);
        else if (reply.kind === 'done') resolve();
        else reject(new Error(reply.message));
      };
      worker.onerror = (event) => reject(new Error(`Preparing the images: ${event.message}`));
      const request: PagesRequest = { sheet: { ...source, image }, layout };
      worker.postMessage(request, [image]);
    });
    worker.terminate();
    if (this.worker !== worker) return;
    this.worker = null;
    this.count = source.count;
    this.ready = true;
  }

  /** Fills the quads for the chosen images. */
  build(
    chosen: Chosen,
    states: Uint8Array,
    tiles: Uint32Array,
    request: FrameRequest,
    colourOf: (position: number) => Colour,
  ): void {
    const most = chosen.count * 3;
    if (this.data.length < most * 4 * FLOATS) {
      this.data = new Float32Array(Math.ceil(most * 1.25) * 4 * FLOATS);
    }
    this.quads = 0;
    for (let k = 0; k < chosen.count; k++) {
      const position = chosen.positions[k] as number;
      this.buildOne(
        chosen,
        k,
        states[position] as number,
        tiles[position] as number,
        request,
        () => (request.style.tint ? colourOf(position) : WHITE),
      );
    }
    this.uploadQuads();
  }

  draw(buffer: PointBuffer, request: FrameRequest, scale: number): void {
    if (this.quads === 0 || this.pages === null || this.layout === null) return;
    const { gl, program } = this;
    gl.useProgram(program.program);
    gl.bindVertexArray(this.array);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.pages);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, buffer.depth);
    gl.uniform1i(program.at('u_pages'), 0);
    gl.uniform1i(program.at('u_depth'), 1);
    gl.uniform1i(program.at('u_scale'), scale);
    gl.uniform1f(program.at('u_side'), this.layout.side);
    const { view, style } = request;
    gl.uniform2f(program.at('u_size'), view.width, view.height);
    const [r, g, b] = style.background;
    gl.uniform3f(program.at('u_background'), r / 255, g / 255, b / 255);
    gl.drawElements(gl.TRIANGLES, this.quads * 6, gl.UNSIGNED_INT, 0);
    gl.disable(gl.BLEND);
    gl.bindVertexArray(null);
    gl.activeTexture(gl.TEXTURE0);
  }

  clear(): void {
    this.quads = 0;
  }

  destroy(): void {
    this.abandon();
    this.gl.deleteBuffer(this.vertices);
    this.gl.deleteBuffer(this.indices);
    this.gl.deleteVertexArray(this.array);
    this.program.destroy();
  }

  private abandon(): void {
    this.worker?.terminate();
    this.worker = null;
    this.stop?.();
    this.stop = null;
    if (this.pages !== null) this.gl.deleteTexture(this.pages);
    this.pages = null;
    this.ready = false;
  }

  private allocate(layout: PageLayout): void {
    const { gl } = this;
    const kind = gl.TEXTURE_2D_ARRAY;
    this.pages = gl.createTexture();
    gl.bindTexture(kind, this.pages);
    gl.texStorage3D(kind, MIP_LEVELS, gl.RGBA8, layout.side, layout.side, layout.pages);
    gl.texParameteri(kind, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.texParameteri(kind, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(kind, gl.TEXTURE_MAX_LEVEL, MIP_LEVELS - 1);
  }

  private upload(layout: PageLayout, page: number, levels: Uint8Array[]): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.pages);
    levels.forEach((pixels, level) => {
      const side = layout.side >> level;
      gl.texSubImage3D(
        gl.TEXTURE_2D_ARRAY,
        level,
        0,
        0,
        page,
        side,
        side,
        1,
        gl.RGBA,
        gl.UNSIGNED_BYTE,
        pixels,
      );
    });
  }

  private buildOne(
    chosen: Chosen,
    k: number,
    state: number,
    tile: number,
    request: FrameRequest,
    tint: () => Colour,
  ): void {
    const { view, style } = request;
    const size = Math.round(chosen.size[k] as number);
    const width = Math.max(1, Math.round(this.aspect >= 1 ? size : size * this.aspect));
    const height = Math.max(1, Math.round(this.aspect >= 1 ? size / this.aspect : size));
    const left = Math.round((chosen.x[k] as number) - width / 2);
    const top = Math.round((chosen.y[k] as number) - height / 2);
    const depth = depthOf(view, chosen.w[k] as number, state);
    if (state === SELECTED) {
      const b = Math.max(1, Math.round(2 * style.pixelRatio));
      this.solid(left - b, top - b, width + 2 * b, height + 2 * b, depth, style.outline);
      this.solid(left, top, width, height, depth, style.background);
    }
    const layout = this.layout as PageLayout;
    const place = tilePlace(layout, tile);
    const [r, g, b] = tint();
    const alpha = state === DIMMED ? 1 - DIM : 1;
    this.quad(
      left,
      top,
      width,
      height,
      depth,
      place.page,
      [r, g, b, alpha],
      [place.left, place.top, layout.tile.width, layout.tile.height],
    );
  }

  private solid(
    left: number,
    top: number,
    width: number,
    height: number,
    depth: number,
    colour: readonly [number, number, number],
  ): void {
    const [r, g, b] = colour;
    const paint: Colour = [r / 255, g / 255, b / 255, 1];
    this.quad(left, top, width, height, depth, -1, paint, [0, 0, 0, 0]);
  }

  private quad(
    left: number,
    top: number,
    width: number,
    height: number,
    depth: number,
    layer: number,
    colour: Colour,
    texels: Colour,
  ): void {
    let at = this.quads++ * 4 * FLOATS;
    for (let corner = 0; corner < 4; corner++) {
      const u = corner & 1;
      const v = corner >> 1;
      const d = this.data;
      d[at++] = left + u * width;
      d[at++] = top + v * height;
      d[at++] = depth;
      d[at++] = layer;
      d[at++] = texels[0] + u * texels[2];
      d[at++] = texels[1] + v * texels[3];
      d[at++] = colour[0];
      d[at++] = colour[1];
      d[at++] = colour[2];
      d[at++] = colour[3];
    }
  }

  private uploadQuads(): void {
    const { gl } = this;
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.vertices);
    const used = this.data.subarray(0, this.quads * 4 * FLOATS);
    gl.bufferData(gl.ARRAY_BUFFER, used, gl.DYNAMIC_DRAW);
    if (this.indexed < this.quads) {
      this.indexed = Math.ceil(this.quads * 1.5);
      const indices = new Uint32Array(this.indexed * 6);
      for (let q = 0; q < this.indexed; q++) {
        indices.set([4 * q, 4 * q + 1, 4 * q + 2, 4 * q + 2, 4 * q + 1, 4 * q + 3], q * 6);
      }
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.indices);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
    }
    gl.bindVertexArray(null);
  }
}

const WHITE: Colour = [1, 1, 1, 1];

/** Unselected images lie above all dots; selected ones in the front range, as the point shader says. */
function depthOf(view: View, w: number, state: number): number {
  if (state !== SELECTED) return 1 / 64;
  const far = (w - view.near) / (view.far - view.near);
  const share = view.flat ? 0 : Math.min(1, Math.max(0, far));
  return (1 / 64 + share * (63 / 64) * 0.9999) / 64;
}
