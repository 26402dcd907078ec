// SPDX-License-Identifier: Apache-2.0
// src/raster as WebAssembly: memory handed out here, structs written by hand in the order of raster.h.

export interface RasterExports {
  __heap_base: WebAssembly.Global;
  raster_fill(keys: number, count: number, value: number): void;
  raster_splat(points: number, view: number, target: number, begin: number, end: number): void;
  raster_splat_selected(
    points: number,
    view: number,
    target: number,
    positions: number,
    count: number,
    ringPx: number,
  ): void;
  raster_resolve(target: number, how: number): void;
  raster_scale_tile(
    source: number,
    sourceWidth: number,
    sourceHeight: number,
    target: number,
    targetWidth: number,
    targetHeight: number,
    tint: number,
  ): void;
  raster_blit(target: number, how: number, tile: number): void;
  raster_depth_key(view: number, w: number, index: number, selected: number): number;
  raster_mix(from: number, to: number, n: number, t: number, out: number): void;
}

/** Pixels around the picture; raster_pad_px in raster.h. */
export const PAD = 72;
const PAGE = 65536;

interface Span {
  at: number;
  bytes: number;
}

/** One module on its own memory, with named regions that grow. */
export class RasterModule {
  private readonly regions = new Map<string, Span>();
  private readonly free: Span[] = [];
  private top: number;

  private constructor(
    readonly raster: RasterExports,
    readonly memory: WebAssembly.Memory,
  ) {
    this.top = Math.ceil(Number(raster.__heap_base.value) / 64) * 64;
  }

  static async load(bytes: BufferSource): Promise<RasterModule> {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 65536 });
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
    return new RasterModule(instance.exports as unknown as RasterExports, memory);
  }

  /** Address of a region of at least `bytes`; its content is lost when it grows. */
  region(name: string, bytes: number): number {
    const old = this.regions.get(name);
    if (old !== undefined && old.bytes >= bytes && old.bytes <= 4 * bytes + PAGE) return old.at;
    if (old !== undefined) this.free.push(old);
    const size = Math.ceil((bytes + 16) / 64) * 64;
    const span = this.takeFree(size) ?? this.takeTop(size);
    this.regions.set(name, span);
    return span.at;
  }

  private takeFree(size: number): Span | null {
    const k = this.free.findIndex((span) => span.bytes >= size && span.bytes <= 2 * size);
    return k < 0 ? null : (this.free.splice(k, 1)[0] ?? null);
  }

  private takeTop(size: number): Span {
    const at = this.top;
    const missing = at + size - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    this.top = at + size;
    return { at, bytes: size };
  }

  /** Copies into a region and returns its address. */
  put(name: string, data: Float32Array | Uint32Array | Uint8Array): number {
    const at = this.region(name, data.byteLength);
    new Uint8Array(this.memory.buffer, at, data.byteLength).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    return at;
  }

  /** Writes a struct of 32-bit fields; numbers wrapped in an array are floats. */
  struct(name: string, fields: readonly (number | readonly number[])[]): number {
    const flat: [number, boolean][] = [];
    for (const field of fields) {
      if (typeof field === 'number') flat.push([field, false]);
      else for (const value of field) flat.push([value, true]);
    }
    const at = this.region(name, flat.length * 4);
    const out = new DataView(this.memory.buffer, at, flat.length * 4);
    flat.forEach(([value, real], k) => {
      if (real) out.setFloat32(4 * k, value, true);
      else out.setInt32(4 * k, value | 0, true);
    });
    return at;
  }

  floats(at: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, count);
  }

  bytes(at: number, count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer, at, count);
  }
}
