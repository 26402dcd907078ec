// SPDX-License-Identifier: Apache-2.0
// The CPU tier's thread: draws what is asked, gives way to a newer request between slices.

import { CpuFrame } from './cpu_frame';
import type { FromWorker, ToWorker } from './cpu_messages';
import { Governor } from './governor';
import { RasterModule } from './raster_module';
import type { FrameRequest } from './tier';

/** Milliseconds a moving frame may cost, and a slice at rest before looking for messages. */
const MOVING_BUDGET = 12;
const SLICE = 24;
/** At rest a picture is shown at least this often until it is whole. */
const SHOW_EVERY = 120;
/** Supersampling beyond these is not worth its time and memory. */
const FINE_MOVING_MS = 9;
const FINE_PIXELS_MAX = 3_500_000;
const FINE_ROWS_MAX = 3_000_000;
/** What a fresh machine is thought to need per row, in ms; corrected by the first frames. */
const ROW_GUESS = 15e-6;

interface Job {
  request: FrameRequest;
  serial: number;
  scale: 1 | 2;
  next: number;
  end: number;
  spent: number;
  shown: number;
  /** A supersampled pass follows this one. */
  finer: boolean;
}

const scope = self as unknown as DedicatedWorkerGlobalScope;
const governor = new Governor(MOVING_BUDGET, ROW_GUESS);
const ticker = new MessageChannel();
const spare: ArrayBuffer[] = [];
let module: RasterModule | null = null;
let frame: CpuFrame | null = null;
let job: Job | null = null;
/** Smoothed milliseconds of a supersampled frame. */
let fineCost = 30;
let waiting: (() => void)[] = [];

const post = (message: FromWorker, transfer: Transferable[] = []): void =>
  scope.postMessage(message, transfer);

const pause = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve);
    ticker.port2.postMessage(null);
  });

function begin(request: FrameRequest, serial: number): void {
  if (frame === null) return;
  const n = frame.n;
  const pixels = request.view.width * request.view.height;
  const fine = request.style.pixelRatio < 2 && pixels <= FINE_PIXELS_MAX && n <= FINE_ROWS_MAX;
  // A small picture goes straight to its finest form; a large one is shown whole first.
  // The same while moving, where the canvas is small enough for that to be quick.
  const quick = !request.moving || fineCost < FINE_MOVING_MS;
  const direct = fine && quick && governor.rows(n) === n;
  const end = request.moving ? governor.rows(n) : n;
  start({ request, serial, scale: direct ? 2 : 1, end, finer: fine && !direct && !request.moving });
}

function start(wanted: Pick<Job, 'request' | 'serial' | 'scale' | 'end' | 'finer'>): void {
  const started = performance.now();
  frame?.begin(wanted.request, wanted.scale, wanted.end);
  job = { ...wanted, next: 0, spent: performance.now() - started, shown: started };
  step();
}

function step(): void {
  if (job === null || frame === null) return;
  const started = performance.now();
  const rows = job.request.moving ? job.end : Math.min(job.end, job.next + governor.slice(SLICE));
  const begin = job.next;
  frame.splat(begin, rows);
  job.next = rows;
  const splat = performance.now() - started;
  job.spent += splat;
  const whole = rows >= job.end;
  const now = performance.now();
  if (whole || now - job.shown > SHOW_EVERY) {
    const before = job.spent - splat;
    show(job, whole && !job.finer);
    job.shown = performance.now();
    if (job.scale === 2) fineCost = 0.7 * fineCost + 0.3 * job.spent;
    else if (begin === 0) {
      governor.learn(rows, before + performance.now() - now, splat);
    }
  }
  if (!whole) ticker.port2.postMessage(null);
  else if (job.finer) {
    const { request, serial, end } = job;
    job = { request, serial, end, scale: 2, next: -1, spent: 0, shown: 0, finer: false };
    ticker.port2.postMessage(null);
  } else job = null;
}

function show(of: Job, last: boolean): void {
  if (frame === null || module === null) return;
  const started = performance.now();
  const at = frame.finish();
  const { width, height } = of.request.view;
  const bytes = width * height * 4;
  const buffer = takeBuffer(bytes);
  new Uint8Array(buffer).set(module.bytes(at, bytes));
  of.spent += performance.now() - started;
  post(
    {
      kind: 'frame',
      serial: of.serial,
      prefix: of.next,
      milliseconds: of.spent,
      last,
      width,
      height,
      buffer,
    },
    [buffer],
  );
}

function takeBuffer(bytes: number): ArrayBuffer {
  let buffer = spare.pop();
  while (buffer !== undefined && buffer.byteLength !== bytes) buffer = spare.pop();
  return buffer ?? new ArrayBuffer(bytes);
}

ticker.port1.onmessage = () => {
  const resume = waiting;
  waiting = [];
  for (const resolve of resume) resolve();
  if (job === null) return;
  if (job.next < 0) start(job);
  else step();
};

async function load(wasm: ArrayBuffer): Promise<void> {
  module = await RasterModule.load(wasm);
  frame = new CpuFrame(module);
  post({ kind: 'ready' });
}

function takeSprites(message: Extract<ToWorker, { kind: 'sprites' }>): void {
  const { serial, source } = message;
  frame?.tiles.load(source, pause).then(
    () => post({ kind: 'sprites', serial, error: null }),
    (error: unknown) => post({ kind: 'sprites', serial, error: String(error) }),
  );
}

function receive(message: ToWorker): void {
  if (message.kind === 'start') {
    load(message.wasm).catch((error: unknown) => fail(error));
    return;
  }
  if (message.kind === 'recycle') {
    if (spare.length < 3) spare.push(message.buffer);
    return;
  }
  // New data ends a picture half made of the old; the scene asks for another at once.
  job = null;
  if (message.kind === 'positions') frame?.setPositions(message.to, message.from);
  else if (message.kind === 'slots') frame?.setSlots(message.slots, message.palette);
  else if (message.kind === 'states') frame?.setStates(message.states, message.selected);
  else if (message.kind === 'tiles') frame?.setTileOf(message.tiles);
  else if (message.kind === 'sprites') takeSprites(message);
  else begin(message.request, message.serial);
}

function fail(error: unknown): void {
  job = null;
  post({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

scope.onmessage = (event: MessageEvent<ToWorker>) => {
  try {
    receive(event.data);
  } catch (error) {
    fail(error);
  }
};
