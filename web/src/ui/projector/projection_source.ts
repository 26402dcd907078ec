// SPDX-License-Identifier: Apache-2.0
// Where layouts are computed, as the projector sees it. Our pages hand it the server; another source
// may compute elsewhere, in a worker of the page or on another machine, if it keeps this promise.
// Names with underscores are the server's own.

import type { EntryRef } from './api';

export type OptionValue = number | string | boolean | null;
export type Options = Readonly<Record<string, OptionValue>>;

/** What a form needs to know of one option. */
export interface OptionInfo {
  name: string;
  type: 'integer' | 'number' | 'boolean' | 'string' | 'choice';
  default: OptionValue;
  /** null = chosen for you. */
  optional?: boolean;
  min?: number;
  max?: number;
  choices?: string[];
}

export interface MethodInfo {
  name: string;
  title: string;
  /** The dimensions a layout may have. */
  n_components: number[];
  options: OptionInfo[];
}

export interface ProjectionRequest {
  method: string;
  n_components: number;
  /** Those that differ from their defaults. */
  options: Options;
  /** The column whose values pull alike rows together; null = none. */
  supervise_by: string | null;
}

export type ProjectionStateName =
  'queued' | 'running' | 'paused' | 'stopped' | 'done' | 'failed' | 'cancelled';

export interface Cost {
  seconds: number;
  memory_bytes: number;
}

/** What a request would cost, and whether it was made before. */
export interface Forecast {
  key: string;
  /** null: nobody has asked for it yet. */
  state: ProjectionStateName | null;
  estimate: Cost;
  /** Sentences: what will be clamped. */
  notes: string[];
}

export interface ProjectionReport {
  seconds?: Record<string, number>;
  n_iterations?: number;
  kl_divergence?: number | null;
  recall?: number | null;
  n_rows_used?: number;
}

export interface ProjectionInfo {
  key: string;
  state: ProjectionStateName;
  method: string;
  n_components: number;
  /** All of them, as they are used. */
  options: Options;
  supervise_by: string | null;
  n_rows: number;
  /** How many wait before it; null when it does not wait. */
  queue_position: number | null;
  stage: string;
  iteration: number;
  /** 0 until known. */
  n_iterations: number;
  seconds_elapsed: number;
  /** null until known. */
  seconds_left: number | null;
  report: ProjectionReport | null;
  error: { code: string; message: string } | null;
  notes: string[];
}

/** Where the points are at one moment. */
export interface LayoutFrame {
  iteration: number;
  nRows: number;
  /** One column per component in draw order, NaN = no place. Decoded when called. */
  columns(): Float32Array[];
}

export interface ProjectionListener {
  state(info: ProjectionInfo): void;
  frame(frame: LayoutFrame): void;
  /** Nothing is heard of it at present (it goes on all the same), or again. */
  connection(lost: boolean): void;
  failed(thrown: unknown): void;
}

/** One computation that is listened to. */
export interface ProjectionRun {
  pause(): Promise<ProjectionInfo>;
  /** Goes on from where it was paused or stopped. */
  resume(): Promise<ProjectionInfo>;
  /** Ends the work; the layout so far stays. */
  stop(): Promise<ProjectionInfo>;
  /** The finished layout, or that of the last moment it was kept. One column per component. */
  layout(nComponents: number, signal?: AbortSignal): Promise<Float32Array[]>;
  /** Listens no more. The computation goes on. */
  close(): void;
}

export interface ProjectionSource {
  methods(signal?: AbortSignal): Promise<MethodInfo[]>;
  forecast(entry: EntryRef, request: ProjectionRequest, signal?: AbortSignal): Promise<Forecast>;
  /** Starts it, or finds the one that is there: there is at most one per request. */
  start(entry: EntryRef, request: ProjectionRequest, signal?: AbortSignal): Promise<ProjectionInfo>;
  /** Follows a computation: its state at once and on every change, its frames as they come. */
  follow(key: string, listener: ProjectionListener): ProjectionRun;
}
