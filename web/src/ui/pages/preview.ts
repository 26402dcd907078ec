// SPDX-License-Identifier: Apache-2.0
// How an asset can be looked at. Content is only ever shown as text or as a decoded picture, never as
// markup: it was written by others. Pure.

import type { Asset } from '../../api/types';

/** How much of a text is fetched. */
export const EXCERPT_BYTES = 64 * 1024;
/** Pictures have to be fetched whole; larger ones are only downloaded. */
export const IMAGE_BYTES = 32 * 1024 * 1024;
const TABLE_ROWS = 200;
const TABLE_COLUMNS = 60;

export type PreviewKind = 'image' | 'numbers' | 'text';

const IMAGE_TYPES = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif']);
const IMAGE_NAME = /\.(png|jpe?g|webp|gif)$/i;

export function isImage(asset: Pick<Asset, 'content_type' | 'name' | 'type'>): boolean {
  const type = asset.content_type?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (IMAGE_TYPES.has(type)) return true;
  const untyped = type === '' || type === 'application/octet-stream';
  return untyped && (asset.type === 'sprite' || IMAGE_NAME.test(asset.name));
}

export function previewKind(
  asset: Pick<Asset, 'content_type' | 'name' | 'type' | 'size'>,
): PreviewKind {
  if (isImage(asset) && asset.size <= IMAGE_BYTES) return 'image';
  if (asset.name.endsWith('.bytes')) return 'numbers';
  return asset.type === 'vectors' && !/\.(tsv|csv|txt)$/i.test(asset.name) ? 'numbers' : 'text';
}

export type TextPreview =
  | { form: 'binary' }
  | { form: 'plain' | 'json'; text: string }
  | { form: 'table'; rows: string[][]; cut: boolean };

/** Reads the beginning of a file. `complete`: there is no more of it. */
export function readText(bytes: Uint8Array, name: string, complete: boolean): TextPreview {
  if (bytes.subarray(0, 8192).includes(0)) return { form: 'binary' };
  // In streaming mode a character cut in two at the end is left out instead of shown as damage.
  const text = new TextDecoder().decode(bytes, { stream: !complete });
  if (complete && /^\s*[[{]/.test(text)) {
    try {
      return { form: 'json', text: JSON.stringify(JSON.parse(text), null, 2) };
    } catch {
      // Looks like JSON and is not: shown as it stands.
    }
  }
  if (/\.tsv$/i.test(name) || (!/\.\w+$/.test(name) && text.includes('\t'))) {
    return readTable(text, complete);
  }
  return { form: 'plain', text };
}

function readTable(text: string, complete: boolean): TextPreview {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '' || !complete) lines.pop(); // the last one may be cut in the middle
  const rows = lines.slice(0, TABLE_ROWS).map((line) => line.split('\t').slice(0, TABLE_COLUMNS));
  return { form: 'table', rows, cut: !complete || lines.length > TABLE_ROWS };
}

/** The first values of a file of little-endian float32. */
export function readNumbers(bytes: Uint8Array, limit: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = Math.min(limit, Math.floor(bytes.byteLength / 4));
  return Array.from({ length: n }, (_, i) => view.getFloat32(i * 4, true));
}
