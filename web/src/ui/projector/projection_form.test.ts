// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { UMAP } from './fake_projections';
import {
  NOTHING_SET,
  buttonOf,
  identityOf,
  problemOf,
  problemsOf,
  progressOf,
  requestOf,
  stepOf,
  withOption,
} from './projection_form';
import type { Forecast, OptionInfo, ProjectionInfo } from './projection_source';

const option = (name: string): OptionInfo => {
  const found = UMAP.options.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};
const ENTRY = { experiment: 'e', template: 't', entry: 0 };

describe('the form of a method', () => {
  it('says in a sentence why a value cannot be used', () => {
    expect(problemOf(option('n_neighbors'), 15)).toBeNull();
    expect(problemOf(option('n_neighbors'), 1)).toBe('Between 2 and 200.');
    expect(problemOf(option('n_neighbors'), 2.5)).toBe('A whole number is needed.');
    expect(problemOf(option('n_neighbors'), NaN)).toBe('A number is needed.');
    expect(problemOf(option('n_neighbors'), null)).toBe('A value is needed.');
    expect(problemOf(option('n_epochs'), null)).toBeNull();
    expect(problemOf(option('metric'), 'cosine')).toBeNull();
    expect(problemOf(option('metric'), 'manhattan')).toBe('One of euclidean, cosine, dot.');
    const draft = { options: { n_neighbors: 999, min_dist: -1 }, superviseBy: null };
    expect(problemsOf(UMAP, draft)).toEqual({
      n_neighbors: 'Between 2 and 200.',
      min_dist: 'Between 0 and 10.',
    });
  });

  it('keeps only what differs from the defaults', () => {
    const changed = withOption(NOTHING_SET, option('min_dist'), 0.25);
    expect(changed.options).toEqual({ min_dist: 0.25 });
    expect(withOption(changed, option('min_dist'), 0.1).options).toEqual({});
  });

  it('makes the same request of the same wishes, in whatever order they came', () => {
    const one = { options: { seed: 7, min_dist: 0.25 }, superviseBy: null };
    const other = { options: { min_dist: 0.25, seed: 7, n_neighbors: 15 }, superviseBy: null };
    const request = requestOf(UMAP, 2, one);
    expect(request).toEqual({
      method: 'umap',
      n_components: 2,
      options: { min_dist: 0.25, seed: 7 },
      supervise_by: null,
    });
    expect(identityOf(ENTRY, request)).toBe(identityOf(ENTRY, requestOf(UMAP, 2, other)));
    expect(identityOf(ENTRY, request)).not.toBe(identityOf(ENTRY, requestOf(UMAP, 3, one)));
    expect(identityOf(ENTRY, request)).not.toBe(identityOf({ ...ENTRY, entry: 1 }, request));
  });

  it('leaves out options the method has not, and the weight of a column where there is none', () => {
    const draft = { options: { perplexity: 9, label_weight: 1 }, superviseBy: null };
    expect(requestOf(UMAP, 2, draft).options).toEqual({});
    const supervised = { ...draft, superviseBy: 'digit' };
    expect(requestOf(UMAP, 2, supervised)).toMatchObject({
      options: { label_weight: 1 },
      supervise_by: 'digit',
    });
  });

  it('has a button that says what pressing it does', () => {
    const forecast = (state: Forecast['state']): Forecast => ({
      key: 'k',
      state,
      estimate: { seconds: 1, memory_bytes: 1 },
      notes: [],
    });
    const text = (
      state: ProjectionInfo['state'] | null,
      same: boolean,
      there: Forecast['state'] = null,
    ): string | undefined => buttonOf({ state, same, forecast: forecast(there) })?.text;
    expect(text(null, true)).toBe('Run');
    expect(text(null, true, 'done')).toBe('Show');
    expect(text('running', true)).toBeUndefined();
    expect(text('done', true)).toBeUndefined();
    expect(text('stopped', true)).toBe('Continue');
    expect(text('failed', true, 'failed')).toBe('Run');
    expect(text('done', false)).toBe('Run again');
    expect(text('running', false)).toBe('Run again');
    expect(text('done', false, 'done')).toBe('Show');
    expect(text('done', false, 'running')).toBe('Show');
    expect(buttonOf({ state: 'done', same: false, forecast: null })?.text).toBe('Run again');
  });

  it('goes by steps that suit the range', () => {
    expect(
      ['n_neighbors', 'min_dist', 'spread', 'seed'].map((name) => stepOf(option(name))),
    ).toEqual([1, 0.01, 0.1, 1]);
    expect(stepOf({ name: 'rate', type: 'number', default: 1, min: 1e-3, max: 1e9 })).toBe(1);
  });
});

it('tells progress by time where the time left is known, else by iterations', () => {
  const info = {
    state: 'running',
    stage: 'optimise',
    iteration: 30,
    n_iterations: 200,
    seconds_elapsed: 1,
    seconds_left: 3,
  } as ProjectionInfo;
  expect(progressOf(info)).toBe(0.25);
  expect(progressOf({ ...info, seconds_left: null })).toBe(0.15);
  expect(progressOf({ ...info, seconds_left: null, stage: 'neighbors' })).toBeNull();
  expect(progressOf({ ...info, state: 'queued' })).toBeNull();
  expect(progressOf({ ...info, state: 'done', seconds_left: 0 })).toBe(1);
});
