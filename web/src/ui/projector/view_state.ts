// SPDX-License-Identifier: Apache-2.0
// The view as an address: everything a person set, as a query string, so that a copied link shows
// the same picture. What has its default value is left out; what cannot be read is ignored.

import type { CameraState } from '../../scene/scene';
import { SHOW_ALL, type LegendFilter } from './legend';
import type { Options, OptionValue } from './projection_source';
import { formatRows, parseRows } from './selection';

export interface ViewState {
  entry: number;
  /** The method whose tab is open; 'pca' and those of the server. */
  method: string;
  /** Its options that differ from their defaults, by the server's names. */
  options: Options;
  /** The column it is supervised by; null = none. */
  superviseBy: string | null;
  mode: '2d' | '3d';
  /** PCA: components on x, y, z, counted from 0. */
  axes: [number, number, number];
  /** Column name; '' = one colour for all; null = the projector chooses. */
  colour: string | null;
  /** How a number column is coloured; null = the projector chooses. */
  scale: 'classes' | 'ramp' | null;
  filter: LegendFilter;
  /** Selected rows, ascending. */
  rows: Uint32Array;
  /** Column name of the labels; null = the projector chooses. */
  label: string | null;
  /** On the canvas for as many points as fit; null = the projector chooses. */
  labels: boolean | null;
  images: boolean;
  /** Pictures take the colour of their point, as far as they are light. */
  tint: boolean;
  /** CSS px of the longer side; null = chosen for the number of points. */
  imageSize: number | null;
  /** A factor of the size chosen for the number of points. */
  pointSize: number;
  opacity: number;
  camera: CameraState | null;
  /** null = whatever the page shows. */
  theme: 'dark' | 'light' | null;
  renderer: 'gl' | 'cpu' | null;
}

export const RANGES = {
  imageSize: { min: 8, max: 128, step: 2 },
  pointSize: { min: 0.4, max: 4, step: 0.1 },
  opacity: { min: 0.1, max: 1, step: 0.05 },
} as const;

/**
 * Large pictures for a few points, small ones for many: 48 px up to 100, 20 at 10,000, 12 at
 * 70,000.
 */
export function imageSizeFor(nPoints: number): number {
  const size = 48 * (Math.max(nPoints, 100) / 100) ** -0.2;
  return Math.max(RANGES.imageSize.min, 2 * Math.round(size / 2));
}

/** Longer selections would make addresses that browsers and chats cut off. */
const MAX_SELECTION_CHARACTERS = 1500;

export function defaultState(): ViewState {
  return {
    entry: 0,
    method: 'pca',
    options: {},
    superviseBy: null,
    mode: '3d',
    axes: [0, 1, 2],
    colour: null,
    scale: null,
    filter: SHOW_ALL,
    rows: new Uint32Array(0),
    label: null,
    labels: null,
    images: true,
    tint: false,
    imageSize: null,
    pointSize: 1,
    opacity: 0.85,
    camera: null,
    theme: null,
    renderer: null,
  };
}

const short = (value: number): string => String(Number(value.toPrecision(5)));

function formatCamera(camera: CameraState): string {
  const { target, distance, yaw, pitch, zoom } = camera;
  return [...target, distance, yaw, pitch, zoom].map(short).join(',');
}

function parseCamera(text: string, mode: '2d' | '3d'): CameraState | null {
  const numbers = text.split(',').map(Number);
  if (numbers.length !== 7 || !numbers.every(Number.isFinite)) return null;
  const [x = 0, y = 0, z = 0, distance = 0, yaw = 0, pitch = 0, zoom = 0] = numbers;
  if (distance <= 0 || zoom <= 0) return null;
  return { mode, target: [x, y, z], distance, yaw, pitch, zoom };
}

function formatFilter(query: URLSearchParams, filter: LegendFilter): void {
  const name = filter.only ? 'only' : 'hide';
  for (const value of filter.values) {
    if (value === null) query.append(`${name}_missing`, '1');
    else query.append(name, value);
  }
}

function parseFilter(query: URLSearchParams): LegendFilter {
  const read = (name: string): Set<string | null> => {
    const values = new Set<string | null>(query.getAll(name));
    if (query.has(`${name}_missing`)) values.add(null);
    return values;
  };
  const only = read('only');
  if (only.size > 0) return { only: true, values: only };
  const hidden = read('hide');
  return hidden.size > 0 ? { only: false, values: hidden } : SHOW_ALL;
}

/** What this file reads itself; any other name in an address is an option of the method. */
const OWN_NAMES = new Set([
  ...['entry', 'method', 'supervise_by', 'view', 'axes', 'colour', 'scale', 'rows', 'label'],
  ...['only', 'only_missing', 'hide', 'hide_missing', 'labels', 'images', 'tint', 'image_size'],
  ...['size', 'opacity', 'camera', 'theme', 'renderer'],
]);
const OPTION_NAME = /^[a-z][a-z0-9_]{0,39}$/;
const MAX_OPTION_CHARACTERS = 100;

function formatMethod(query: URLSearchParams, state: ViewState): void {
  if (state.method === 'pca') return;
  query.set('method', state.method);
  for (const [name, value] of Object.entries(state.options)) {
    query.set(name, value === null ? 'automatic' : String(value));
  }
  if (state.superviseBy !== null) query.set('supervise_by', state.superviseBy);
}

function parseOption(text: string): OptionValue {
  if (text === 'automatic') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

function parseMethod(
  query: URLSearchParams,
): Pick<ViewState, 'method' | 'options' | 'superviseBy'> {
  const method = query.get('method') ?? 'pca';
  if (method === 'pca' || !OPTION_NAME.test(method)) {
    return { method: 'pca', options: {}, superviseBy: null };
  }
  const options: Record<string, OptionValue> = {};
  for (const [name, text] of query) {
    const own = OWN_NAMES.has(name) || !OPTION_NAME.test(name);
    if (!own && text.length <= MAX_OPTION_CHARACTERS) options[name] = parseOption(text);
  }
  return { method, options, superviseBy: query.get('supervise_by') };
}

/** False when the selection is too long for an address and therefore left out of it. */
export function selectionFits(rows: Uint32Array): boolean {
  return formatRows(rows).length <= MAX_SELECTION_CHARACTERS;
}

/** The query string, without "?". */
export function formatState(state: ViewState): string {
  const base = defaultState();
  const query = new URLSearchParams();
  const put = (name: string, value: string | number, usual: string | number): void => {
    if (value !== usual) query.set(name, String(value));
  };
  put('entry', state.entry, base.entry);
  formatMethod(query, state);
  put('view', state.mode, base.mode);
  put('axes', state.axes.join(','), base.axes.join(','));
  if (state.colour !== null) query.set('colour', state.colour);
  if (state.scale !== null) query.set('scale', state.scale);
  formatFilter(query, state.filter);
  const rows = formatRows(state.rows);
  if (rows !== '' && rows.length <= MAX_SELECTION_CHARACTERS) query.set('rows', rows);
  if (state.label !== null) query.set('label', state.label);
  if (state.labels !== null) query.set('labels', state.labels ? 'on' : 'off');
  if (!state.images) query.set('images', 'off');
  if (state.tint) query.set('tint', 'on');
  if (state.imageSize !== null) query.set('image_size', short(state.imageSize));
  put('size', short(state.pointSize), short(base.pointSize));
  put('opacity', short(state.opacity), short(base.opacity));
  if (state.camera !== null) query.set('camera', formatCamera(state.camera));
  if (state.theme !== null) query.set('theme', state.theme);
  if (state.renderer !== null) query.set('renderer', state.renderer);
  // Commas are legal in a query; left readable, since people look at addresses.
  return query.toString().replaceAll('%2C', ',');
}

function oneOf<T extends string>(text: string | null, allowed: readonly T[]): T | null {
  return allowed.find((value) => value === text) ?? null;
}

function count(text: string | null, usual: number, max: number): number {
  return text !== null && /^\d{1,6}$/.test(text) ? Math.min(max, Number(text)) : usual;
}

function within(text: string | null, usual: number, range: { min: number; max: number }): number {
  const value = text === null || text === '' ? NaN : Number(text);
  return Number.isFinite(value) ? Math.min(range.max, Math.max(range.min, value)) : usual;
}

export function parseState(text: string): ViewState {
  const query = new URLSearchParams(text);
  const base = defaultState();
  const mode = oneOf(query.get('view'), ['2d', '3d']) ?? base.mode;
  const axes = (query.get('axes') ?? '').split(',');
  const camera = query.get('camera');
  const labels = oneOf(query.get('labels'), ['on', 'off']);
  return {
    entry: count(query.get('entry'), base.entry, 999_999),
    ...parseMethod(query),
    mode,
    axes: [
      count(axes[0] ?? null, base.axes[0], 9),
      count(axes[1] ?? null, base.axes[1], 9),
      count(axes[2] ?? null, base.axes[2], 9),
    ],
    colour: query.get('colour'),
    scale: oneOf(query.get('scale'), ['classes', 'ramp']),
    filter: parseFilter(query),
    rows: parseRows(query.get('rows') ?? ''),
    label: query.get('label'),
    labels: labels === null ? null : labels === 'on',
    images: query.get('images') !== 'off',
    tint: query.get('tint') === 'on',
    imageSize: query.has('image_size')
      ? within(query.get('image_size'), 28, RANGES.imageSize)
      : null,
    pointSize: within(query.get('size'), base.pointSize, RANGES.pointSize),
    opacity: within(query.get('opacity'), base.opacity, RANGES.opacity),
    camera: camera === null ? null : parseCamera(camera, mode),
    theme: oneOf(query.get('theme'), ['dark', 'light']),
    renderer: oneOf(query.get('renderer'), ['gl', 'cpu']),
  };
}
