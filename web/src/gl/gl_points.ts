// SPDX-License-Identifier: Apache-2.0
// The points of the GL tier: gl.POINTS out of separate columns, into a PointBuffer.

import { DIM, FOG } from './fog_table';
import { Program, makeTexture, type PointBuffer } from './gl_resources';
import { POINT_FRAGMENT, POINT_VERTEX } from './gl_shaders';
import type { Columns, FrameRequest } from './tier';

const ATTRIBUTES = ['a_x', 'a_y', 'a_z', 'a_fx', 'a_fy', 'a_fz', 'a_slot', 'a_state'] as const;
type Attribute = (typeof ATTRIBUTES)[number];
const PLACES = ATTRIBUTES.slice(0, 6);

export class GlPoints {
  n = 0;
  private readonly program: Program;
  private readonly array: WebGLVertexArrayObject;
  private readonly buffers = new Map<Attribute | 'selected', WebGLBuffer>();
  private readonly palette: WebGLTexture;
  private selectedCount = 0;
  private gliding = false;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.program = new Program(gl, POINT_VERTEX, POINT_FRAGMENT, ATTRIBUTES);
    this.array = gl.createVertexArray();
    this.palette = makeTexture(gl, gl.RGBA8, 256, 1);
    for (const name of [...ATTRIBUTES, 'selected' as const]) {
      this.buffers.set(name, gl.createBuffer());
    }
    gl.bindVertexArray(this.array);
    this.point(ATTRIBUTES);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer('selected'));
    gl.bindVertexArray(null);
  }

  setPositions(to: Columns, from: Columns | null): void {
    this.n = to.x.length;
    this.gliding = from !== null;
    this.fillPlaces(to);
    const start = from ?? to;
    this.fill('a_fx', start.x);
    this.fill('a_fy', start.y);
    this.fill('a_fz', start.z);
  }

  /** Glides on from the places of the last call, which are here already: half as much to send. */
  advance(to: Columns): void {
    this.gliding = true;
    for (const axis of ['x', 'y', 'z'] as const) {
      const arrived = this.buffer(`a_${axis}`);
      this.buffers.set(`a_${axis}`, this.buffer(`a_f${axis}`));
      this.buffers.set(`a_f${axis}`, arrived);
    }
    this.fillPlaces(to);
    this.gl.bindVertexArray(this.array);
    this.point(PLACES);
    this.gl.bindVertexArray(null);
  }

  setSlots(slots: Uint8Array, palette: Uint8Array): void {
    const { gl } = this;
    this.fill('a_slot', slots);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 256, 1, gl.RGBA, gl.UNSIGNED_BYTE, palette);
  }

  setStates(states: Uint8Array): void {
    this.fill('a_state', states);
  }

  setSelected(selected: Uint32Array): void {
    const { gl } = this;
    this.selectedCount = selected.length;
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer('selected'));
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, selected, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(null);
  }

  /** Empties the buffer to the background. */
  clear(target: PointBuffer, request: FrameRequest): void {
    const { gl } = this;
    const [r, g, b] = request.style.background;
    target.bind();
    gl.clearColor(r / 255, g / 255, b / 255, 1);
    gl.depthMask(true);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  /** Draws positions begin..end; the order of such calls does not matter. */
  draw(
    target: PointBuffer,
    request: FrameRequest,
    scale: number,
    begin: number,
    end: number,
  ): void {
    this.prepare(target, request, scale);
    this.gl.uniform1i(this.program.at('u_pass'), 0);
    if (end > begin) this.gl.drawArrays(this.gl.POINTS, begin, end - begin);
    this.finish();
  }

  drawSelected(target: PointBuffer, request: FrameRequest, scale: number): void {
    if (this.selectedCount === 0) return;
    const { gl } = this;
    this.prepare(target, request, scale);
    for (const pass of [1, 2]) {
      gl.uniform1i(this.program.at('u_pass'), pass);
      gl.drawElements(gl.POINTS, this.selectedCount, gl.UNSIGNED_INT, 0);
    }
    this.finish();
  }

  destroy(): void {
    for (const buffer of this.buffers.values()) this.gl.deleteBuffer(buffer);
    this.gl.deleteTexture(this.palette);
    this.gl.deleteVertexArray(this.array);
    this.program.destroy();
  }

  private prepare(target: PointBuffer, request: FrameRequest, scale: number): void {
    const { gl, program } = this;
    const { view, style } = request;
    target.bind();
    gl.useProgram(program.program);
    gl.bindVertexArray(this.array);
    gl.enable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    gl.depthFunc(gl.LEQUAL);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.uniform4fv(program.at('u_rows'), view.rows);
    gl.uniform2f(program.at('u_size'), view.width, view.height);
    gl.uniform4f(program.at('u_range'), view.near, view.far, view.focus, style.diameter * scale);
    gl.uniform1f(program.at('u_mix'), this.gliding ? request.mix : 1);
    gl.uniform1i(program.at('u_flat'), view.flat ? 1 : 0);
    gl.uniform1f(program.at('u_count'), this.n);
    gl.uniform1f(program.at('u_ring'), 1.25 * style.pixelRatio * scale);
    gl.uniform3f(program.at('u_shares'), style.opacity, FOG, DIM);
    const share = (c: readonly [number, number, number]): [number, number, number] => [
      c[0] / 255,
      c[1] / 255,
      c[2] / 255,
    ];
    gl.uniform3f(program.at('u_background'), ...share(style.background));
    gl.uniform3f(program.at('u_outline'), ...share(style.outline));
  }

  private finish(): void {
    this.gl.bindVertexArray(null);
    this.gl.disable(this.gl.DEPTH_TEST);
  }

  /** Says which buffer each attribute comes from; the vertex array is bound. */
  private point(names: readonly Attribute[]): void {
    const { gl } = this;
    for (const name of names) {
      const k = ATTRIBUTES.indexOf(name);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer(name));
      gl.enableVertexAttribArray(k);
      if (k < PLACES.length) gl.vertexAttribPointer(k, 1, gl.FLOAT, false, 0, 0);
      else gl.vertexAttribIPointer(k, 1, gl.UNSIGNED_BYTE, 0, 0);
    }
  }

  private fillPlaces(to: Columns): void {
    this.fill('a_x', to.x);
    this.fill('a_y', to.y);
    this.fill('a_z', to.z);
  }

  private fill(name: Attribute, data: Float32Array | Uint8Array): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer(name));
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  }

  private buffer(name: Attribute | 'selected'): WebGLBuffer {
    return this.buffers.get(name) as WebGLBuffer;
  }
}
