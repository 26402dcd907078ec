// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeProjections, UMAP } from './fake_projections';
import { requestOf, type Draft } from './projection_form';
import type { OptionInfo, ProjectionRequest } from './projection_source';
import { Projections } from './projections.svelte';
import { defaultState, type ViewState } from './view_state';

const ENTRY = { experiment: 'e', template: 't', entry: 0 };
const places = (value: number): Float32Array[] => [
  Float32Array.of(value, value),
  Float32Array.of(value, value),
];
const NEIGHBOURS = UMAP.options[0] as OptionInfo;

function setUp(view: Partial<ViewState> = {}) {
  const source = new FakeProjections();
  const seen: string[] = [];
  const state = { view: { ...defaultState(), mode: '2d' as const, method: 'umap', ...view } };
  const projections = new Projections({
    get view() {
      return state.view;
    },
    nPoints: 2,
    apply: (draft, kind) => {
      state.view = { ...state.view, ...draft };
      seen.push(`address ${JSON.stringify(draft.options)} ${kind}`);
    },
    flow: ([x]) => void seen.push(`flow ${x?.[0]}`),
    settle: ([x]) => void seen.push(`settle ${x?.[0]}`),
    say: (kind, text) => void seen.push(`${kind}: ${text}`),
  });
  projections.open(source, ENTRY, new AbortController().signal);
  const asked = (draft: Partial<Draft> = {}): ProjectionRequest =>
    requestOf(UMAP, 2, { options: {}, superviseBy: null, ...draft });
  return { source, projections, seen, state, asked };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1000);

describe('projections', () => {
  it('start nothing by being looked at', async () => {
    const { source, projections } = setUp();
    expect(await projections.recall()).toBeNull();
    projections.foresee();
    await settle();
    expect(source.calls).toEqual(['methods', 'forecast']);
    expect(projections.button).toEqual({ text: 'Run' });
    expect(projections.forecast?.estimate.seconds).toBe(2);
  });

  it('run: frames flow, the finished layout takes their place and is kept', async () => {
    const { source, projections, seen, asked } = setUp();
    await projections.recall();
    await projections.run();
    expect(projections.button).toBeNull();
    source.tell(asked(), { state: 'running' });
    source.frame(asked(), places(1));
    source.frame(asked(), places(2));
    source.frame(asked(), places(3));
    await settle();
    source.tell(asked(), { state: 'done' });
    await settle();
    expect(seen).toEqual(['address {} step', 'flow 1', 'flow 3', 'settle 9']);
    expect(projections.layout?.[0]?.[0]).toBe(9);
    expect(await projections.recall()).toEqual(places(9));
    expect(source.calls).toEqual(['methods', 'forecast', 'start', 'follow', 'layout']);
  });

  it('come back at once when they are finished, and go on where they run', async () => {
    const done = setUp({ options: { n_neighbors: 30 } });
    done.source.put(done.asked({ options: { n_neighbors: 30 } }), 'done', places(4));
    expect(await done.projections.recall()).toEqual(places(4));
    expect(done.projections.button).toBeNull();
    const running = setUp();
    running.source.put(running.asked(), 'running', places(0));
    expect(await running.projections.recall()).toBeNull();
    running.source.frame(running.asked(), places(5));
    expect(running.seen).toEqual(['flow 5']);
    expect(running.source.calls).not.toContain('start');
  });

  it('stop, leave the points where they are, and continue', async () => {
    const { source, projections, seen, asked } = setUp();
    await projections.recall();
    await projections.run();
    source.tell(asked(), { state: 'running' });
    source.frame(asked(), places(1));
    const run = projections.current;
    if (run === null) throw new Error('nothing runs');
    await projections.pause(run);
    expect(projections.told).toBe(run);
    await projections.resume(run);
    await projections.stop(run);
    await settle();
    expect(projections.button).toEqual({ text: 'Continue' });
    expect(projections.told).toBe(run);
    await projections.run();
    source.frame(asked(), places(2));
    expect(run.state).toBe('running');
    expect(seen.filter((word) => !word.startsWith('address'))).toEqual([
      'flow 1',
      'settle 1',
      'flow 2',
    ]);
    expect(source.calls.filter((call) => call === 'start')).toHaveLength(1);
  });

  it('with other options run again; with the same ones as before they are shown at once', async () => {
    const { source, projections, seen, state, asked } = setUp();
    await projections.recall();
    await projections.run();
    source.tell(asked(), { state: 'done' });
    await settle();
    seen.length = 0;
    projections.set(NEIGHBOURS, 30);
    await settle();
    expect(state.view.options).toEqual({}); // what is on screen
    expect(projections.button).toEqual({ text: 'Run again' });
    await projections.run();
    expect(state.view.options).toEqual({ n_neighbors: 30 });
    projections.set(NEIGHBOURS, 15);
    await settle();
    expect(projections.button).toMatchObject({ text: 'Show' });
    await projections.run();
    expect(seen).toEqual(['address {"n_neighbors":30} step', 'address {} step', 'settle 9']);
  });

  it('that were started here and are given up for other options are stopped', async () => {
    const { source, projections, asked } = setUp();
    await projections.recall();
    await projections.run();
    source.tell(asked(), { state: 'running' });
    projections.set(NEIGHBOURS, 30);
    await projections.run();
    expect(source.computation(asked()).info.state).toBe('stopped');
    expect(projections.nLively).toBe(1);
  });

  it('remember the options of each method; the address has them while nothing else is shown', async () => {
    const { projections, state } = setUp();
    await projections.recall();
    projections.set(NEIGHBOURS, 30);
    expect(state.view.options).toEqual({ n_neighbors: 30 });
    expect(projections.remembered('umap').options).toEqual({ n_neighbors: 30 });
    expect(projections.remembered('tsne').options).toEqual({});
    projections.reset();
    expect(state.view.options).toEqual({});
  });

  it('ask nothing of values that cannot be used', async () => {
    const { source, projections } = setUp({ options: { n_neighbors: 1 } });
    expect(await projections.recall()).toBeNull();
    projections.foresee();
    await projections.run();
    await settle();
    expect(source.calls).toEqual(['methods']);
    expect(projections.problems).toEqual({ n_neighbors: 'Between 2 and 200.' });
  });

  it('say why they could not start or failed, in a sentence', async () => {
    const { source, projections, seen, asked } = setUp();
    await projections.recall();
    source.refusal = new Error('The queue is full.');
    await projections.run();
    source.refusal = null;
    await projections.run();
    source.tell(asked(), { state: 'running' });
    const error = { code: 'too_large', message: 'It needs 900 GB.' };
    source.tell(asked(), { state: 'failed', error });
    expect(seen).toEqual([
      'danger: The queue is full.',
      'address {} step',
      'danger: UMAP failed: It needs 900 GB.',
    ]);
    expect(projections.button).toEqual({ text: 'Run' });
  });

  it('ignore frames of another number of points', async () => {
    const { source, projections, seen, asked } = setUp();
    await projections.recall();
    await projections.run();
    source.frame(asked(), [Float32Array.of(1), Float32Array.of(1)]);
    expect(seen).toEqual(['address {} step']);
  });
});
