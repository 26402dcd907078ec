// SPDX-License-Identifier: Apache-2.0
// The CPU tier as the scene sees it: a worker that draws and a canvas that shows.

import workerUrl from './cpu_worker.ts?worker&url';
import type { FromWorker, ToWorker } from './cpu_messages';
import { startWorker } from './own_worker';
import type { Columns, FrameRequest, Tier, TierEvents, TileSource } from './tier';

export class CpuTier implements Tier {
  readonly kind = 'cpu';
  readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private to: Columns | null = null;
  private serial = 0;
  private flying: FrameRequest | null = null;
  private next: FrameRequest | null = null;
  private current: FrameRequest | null = null;
  private readonly spriteWaits = new Map<number, [() => void, (error: Error) => void]>();

  private constructor(
    private readonly worker: Worker,
    private readonly events: TierEvents,
  ) {
    const context = this.canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('This browser has no 2-D canvas.');
    this.context = context;
    worker.onmessage = (event: MessageEvent<FromWorker>) => this.receive(event.data);
    worker.onerror = (event) => {
      events.lost(`The drawing worker stopped: ${event.message}`, true);
    };
  }

  /** Fetches the WebAssembly and starts the worker. */
  static async create(events: TierEvents): Promise<CpuTier> {
    // Part of the program, not data: the api has no say in it.
    // eslint-disable-next-line no-restricted-globals
    const response = await fetch(new URL('./raster.wasm', import.meta.url));
    if (!response.ok) throw new Error(`The splatter could not be loaded: HTTP ${response.status}.`);
    const wasm = await response.arrayBuffer();
    const worker = startWorker(workerUrl);
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<FromWorker>) => {
        if (event.data.kind === 'ready') resolve();
        else if (event.data.kind === 'failed') reject(new Error(event.data.message));
      };
      worker.onerror = (event) => reject(new Error(`The drawing worker: ${event.message}`));
      worker.postMessage({ kind: 'start', wasm } satisfies ToWorker, [wasm]);
    });
    return new CpuTier(worker, events);
  }

  get busy(): boolean {
    return this.flying !== null;
  }

  setPositions(to: Columns, from: Columns | null): void {
    const goesOn = from !== null && from === this.to;
    this.send({ kind: 'positions', to, from: goesOn ? 'last' : from });
    this.to = to;
  }

  setSlots(slots: Uint8Array, palette: Uint8Array): void {
    this.send({ kind: 'slots', slots, palette });
  }

  setStates(states: Uint8Array, selected: Uint32Array): void {
    this.send({ kind: 'states', states, selected });
  }

  setTiles(tiles: Uint32Array): void {
    this.send({ kind: 'tiles', tiles });
  }

  async setSprites(source: TileSource | null): Promise<void> {
    const serial = ++this.serial;
    const copy =
      source === null ? null : { ...source, image: await createImageBitmap(source.image) };
    await new Promise<void>((resolve, reject) => {
      this.spriteWaits.set(serial, [resolve, reject]);
      const message: ToWorker = { kind: 'sprites', source: copy, serial };
      this.worker.postMessage(message, copy === null ? [] : [copy.image]);
    });
  }

  /** While a moving frame is made, only the newest of later requests is kept. */
  draw(request: FrameRequest): void {
    if (this.flying !== null && this.flying.moving) this.next = request;
    else this.launch(request);
  }

  copyTo(context: CanvasRenderingContext2D): void {
    context.drawImage(this.canvas, 0, 0);
  }

  destroy(): void {
    this.worker.onmessage = null;
    this.worker.terminate();
    this.canvas.remove();
    for (const [resolve] of this.spriteWaits.values()) resolve();
    this.spriteWaits.clear();
  }

  private launch(request: FrameRequest): void {
    this.flying = request;
    this.current = request;
    this.next = null;
    this.send({ kind: 'draw', request, serial: ++this.serial });
    this.drawSerial = this.serial;
  }

  private drawSerial = 0;

  private send(message: ToWorker): void {
    // Data ends the frame at hand in the worker, which then answers no more for it.
    if (message.kind !== 'draw' && message.kind !== 'recycle') this.flying = null;
    this.worker.postMessage(message);
  }

  private receive(message: FromWorker): void {
    if (message.kind === 'frame') this.present(message);
    else if (message.kind === 'failed') this.events.lost(message.message, true);
    else if (message.kind === 'sprites') {
      const wait = this.spriteWaits.get(message.serial);
      this.spriteWaits.delete(message.serial);
      if (message.error === null) wait?.[0]();
      else wait?.[1](new Error(message.error));
    }
  }

  private present(message: Extract<FromWorker, { kind: 'frame' }>): void {
    const { width, height, buffer } = message;
    const request = this.current;
    if (message.serial === this.drawSerial && request !== null) {
      if (this.canvas.width !== width) this.canvas.width = width;
      if (this.canvas.height !== height) this.canvas.height = height;
      this.context.putImageData(new ImageData(new Uint8ClampedArray(buffer), width, height), 0, 0);
      const { prefix, milliseconds, last } = message;
      if (request.moving || last) this.flying = null;
      this.events.frame({ request, prefix, milliseconds, last });
      const next = this.next;
      if (this.flying === null && next !== null) this.launch(next);
    }
    this.send({ kind: 'recycle', buffer });
  }
}
