// SPDX-License-Identifier: Apache-2.0
// What the CPU tier and its worker say to each other.

import type { Columns, FrameRequest, TileSource } from './tier';

export type ToWorker =
  | { kind: 'start'; wasm: ArrayBuffer }
  | { kind: 'positions'; to: Columns; from: Columns | 'last' | null }
  | { kind: 'slots'; slots: Uint8Array; palette: Uint8Array }
  | { kind: 'states'; states: Uint8Array; selected: Uint32Array }
  | { kind: 'tiles'; tiles: Uint32Array }
  | { kind: 'sprites'; source: TileSource | null; serial: number }
  | { kind: 'draw'; request: FrameRequest; serial: number }
  | { kind: 'recycle'; buffer: ArrayBuffer };

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'sprites'; serial: number; error: string | null }
  | {
      kind: 'frame';
      serial: number;
      prefix: number;
      milliseconds: number;
      last: boolean;
      width: number;
      height: number;
      buffer: ArrayBuffer;
    }
  | { kind: 'failed'; message: string };
