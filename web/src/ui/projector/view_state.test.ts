// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { SHOW_ALL } from './legend';
import {
  defaultState,
  formatState,
  imageSizeFor,
  parseState,
  selectionFits,
  type ViewState,
} from './view_state';

const FULL: ViewState = {
  entry: 3,
  method: 'umap',
  options: { n_neighbors: 30, min_dist: 0.05, metric: 'cosine', n_epochs: null, seed: 1e-7 },
  superviseBy: 'digit & more',
  mode: '2d',
  axes: [4, 0, 9],
  colour: 'a & b = ü, 日本',
  scale: 'ramp',
  filter: { only: true, values: new Set(['x,y', '', '100%', null]) },
  rows: Uint32Array.of(1, 2, 3, 70),
  label: 'name',
  labels: false,
  images: false,
  tint: true,
  imageSize: 64,
  pointSize: 1.5,
  opacity: 0.35,
  camera: { mode: '2d', target: [0.25, -0.5, 0], distance: 3, yaw: 0.5, pitch: -0.25, zoom: 1.125 },
  theme: 'light',
  renderer: 'cpu',
};

describe('the view in the address', () => {
  it('is empty for the default view', () => {
    expect(formatState(defaultState())).toBe('');
    expect(parseState('')).toEqual(defaultState());
  });

  it('round-trips everything a person can set', () => {
    expect(parseState(formatState(FULL))).toEqual(FULL);
    const hidden = { ...FULL, filter: { only: false, values: new Set(['a', null]) } };
    expect(parseState(formatState(hidden))).toEqual(hidden);
  });

  it('keeps "one colour for all" apart from "choose for me"', () => {
    expect(parseState(formatState({ ...defaultState(), colour: '' })).colour).toBe('');
    expect(parseState(formatState({ ...defaultState(), colour: null })).colour).toBeNull();
  });

  it('names the method and its options as the server does', () => {
    const state = { ...defaultState(), method: 'tsne', options: { perplexity: 50 } };
    expect(formatState(state)).toBe('method=tsne&perplexity=50');
    expect(formatState({ ...state, method: 'pca' })).toBe('');
    expect(parseState('perplexity=50')).toEqual(defaultState());
    expect(parseState('method=../x&perplexity=50')).toEqual(defaultState());
    const long = `method=tsne&__proto__=1&A=1&x=${'1'.repeat(101)}&exact=true`;
    expect(parseState(long).options).toEqual({ exact: true });
  });

  it('keeps labels switched on apart from "choose for me"', () => {
    for (const labels of [true, false, null]) {
      expect(parseState(formatState({ ...defaultState(), labels })).labels).toBe(labels);
    }
  });

  it('chooses smaller pictures for more points', () => {
    expect([4, 100, 10_000, 70_000, 1e9].map(imageSizeFor)).toEqual([48, 48, 20, 12, 8]);
  });

  it('takes a question mark in front', () => {
    expect(parseState('?entry=2').entry).toBe(2);
  });

  it('ignores what it cannot read and clamps what is out of range', () => {
    const state = parseState(
      'entry=-1&view=4d&axes=a,99&camera=1,2&size=1000&opacity=x&theme=pink',
    );
    expect(state).toEqual({ ...defaultState(), axes: [0, 9, 2], pointSize: 4 });
    expect(parseState('camera=0,0,0,NaN,0,0,1').camera).toBeNull();
    expect(parseState('camera=0,0,0,-1,0,0,1').camera).toBeNull();
    expect(parseState('hide=').filter).toEqual({ only: false, values: new Set(['']) });
    expect(parseState('').filter).toBe(SHOW_ALL);
  });

  it('leaves out a selection that would make the address too long, and says so', () => {
    const many = Uint32Array.from({ length: 2000 }, (_, i) => i * 2);
    expect(selectionFits(many)).toBe(false);
    expect(formatState({ ...defaultState(), rows: many })).toBe('');
    expect(selectionFits(Uint32Array.from({ length: 2000 }, (_, i) => i))).toBe(true);
  });
});
