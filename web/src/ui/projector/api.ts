// SPDX-License-Identifier: Apache-2.0
// What the projector asks of the outside world. The pages hand it an object that speaks to the
// server;
// tests hand it one that answers from memory. Every per-row array is in draw order.

import type { ProjectionSource } from './projection_source';

/** One element of a template, the unit the projector shows. */
export interface EntryRef {
  experiment: string;
  template: string;
  entry: number;
}

export interface SpriteInfo {
  asset_id: string;
  tile_width: number;
  tile_height: number;
}

export interface TemplateEntry {
  index: number;
  title: string;
  n_rows: number;
  n_dims: number;
  state: 'ready' | 'waiting';
  waiting_for: string[];
  has_labels: boolean;
  sprite: SpriteInfo | null;
}

export interface TemplateInfo {
  id: string;
  name: string;
  group: string | null;
  entries: TemplateEntry[];
}

export interface ColumnInfo {
  name: string;
  kind: 'category' | 'number' | 'text';
  /** Distinct values, missing not counted. */
  n_values: number;
  n_missing: number;
  /** Number columns only. */
  min: number | null;
  max: number | null;
}

export interface DatasetInfo {
  title: string;
  n_rows: number;
  n_dims: number;
  n_nonfinite_rows: number;
  digest: string;
  columns: ColumnInfo[];
  sprite: SpriteInfo | null;
  /** Sentences: what was guessed, clamped or left out. */
  notes: string[];
}

export interface PcaInfo {
  method: 'pca';
  n_components: number;
  explained_variance: number[];
  explained_variance_ratio: number[];
  total_variance: number;
  n_rows_used: number;
  n_rows_left_out: number;
  seconds: number;
  key: string;
  notes: string[];
}

export interface ColumnValues {
  /** Most frequent first; a code indexes this list. */
  values: string[];
  counts: number[];
}

/** For the line at the top; everything but the key may be unknown. */
export interface ExperimentName {
  name: string | null;
  workspace: string;
  project: string;
}

export { MISSING_CODE } from '../../data/colour';

/**
 * Every call may be given a signal and rejects with an AbortError once that fires. Other failures
 * reject with an Error that may carry `code` (as in the server's error body: `unavailable` means
 * still uploading, ask again) and `retryAfterMs`.
 */
export interface ProjectorApi {
  experiment?(experiment: string, signal?: AbortSignal): Promise<ExperimentName>;
  template(experiment: string, template: string, signal?: AbortSignal): Promise<TemplateInfo>;
  dataset(entry: EntryRef, signal?: AbortSignal): Promise<DatasetInfo>;
  /** Position in draw order -> row. Length n_rows. */
  order(entry: EntryRef, signal?: AbortSignal): Promise<Uint32Array>;
  /** Per position an index into `values`, or MISSING_CODE. */
  codes(entry: EntryRef, column: number, signal?: AbortSignal): Promise<Uint32Array>;
  values(entry: EntryRef, column: number, signal?: AbortSignal): Promise<ColumnValues>;
  /** Number columns; NaN is missing. */
  numbers(entry: EntryRef, column: number, signal?: AbortSignal): Promise<Float32Array>;
  pca(entry: EntryRef, signal?: AbortSignal): Promise<PcaInfo>;
  /** One array of n_rows per component asked for; rows left out are NaN. */
  pcaCoordinates(
    entry: EntryRef,
    components: number[],
    signal?: AbortSignal,
  ): Promise<Float32Array[]>;
  /** Absent: there are principal components and no other method. */
  projections?: ProjectionSource;
  image(experiment: string, asset: string, signal?: AbortSignal): Promise<Blob>;
}

export interface ApiFailure {
  code: string | null;
  message: string;
  retryAfterMs: number | null;
}

/**
 * Reads a failure without trusting its type: whoever implements ProjectorApi may throw
 * anything.
 */
export function asFailure(thrown: unknown): ApiFailure {
  if (!(thrown instanceof Error))
    return { code: null, message: String(thrown), retryAfterMs: null };
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
  const wait = 'retryAfterMs' in thrown ? thrown.retryAfterMs : null;
  return { code, message: thrown.message, retryAfterMs: typeof wait === 'number' ? wait : null };
}

export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}
