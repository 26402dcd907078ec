// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/error';
import type { Panel, PanelList } from '../../api/types';
import {
  addPanel,
  movePanel,
  removePanel,
  renamePanel,
  resizePanel,
  setOptions,
  type Panels,
} from './panel_edits';
import { PanelSync } from './panel_sync';

const panel = (id: string): Panel => ({ id, kind: 'notes', title: id, options: {}, width: 1 });
const ids = (panels: Panels): string => panels.map(({ id }) => id).join('');

/** A server that keeps one list and refuses a revision that is not current. */
class Server {
  list: PanelList = { panels: [], revision: 0 };
  failing = false;
  /** Runs before a save arrives: somebody else was quicker. */
  before: (() => void) | null = null;

  load = (): Promise<PanelList> => Promise.resolve(structuredClone(this.list));
  save = async (list: PanelList): Promise<PanelList> => {
    await Promise.resolve();
    this.before?.();
    this.before = null;
    if (this.failing) throw new ApiError('unreachable', 'away');
    if (list.revision !== this.list.revision) throw new ApiError('conflict', 'changed', 409);
    this.list = structuredClone({ panels: list.panels, revision: list.revision + 1 });
    return structuredClone(this.list);
  };
  /** What another person does. */
  change(panels: Panel[]): void {
    this.list = { panels, revision: this.list.revision + 1 };
  }
}

async function start(panels: Panel[]): Promise<[PanelSync, Server, () => string]> {
  const server = new Server();
  server.list.panels = panels;
  let shown: Panels = [];
  const sync = new PanelSync(server, (now) => (shown = now));
  await sync.load();
  return [sync, server, () => ids(shown)];
}

describe('panel edits', () => {
  const three = [panel('a'), panel('b'), panel('c')];

  it('add, remove, move, rename and resize', () => {
    expect(ids(addPanel(panel('d'), 1)(three))).toBe('adbc');
    expect(ids(addPanel(panel('b'))(three))).toBe('abc');
    expect(ids(removePanel('b')(three))).toBe('ac');
    expect(ids(movePanel('a', 1)(three))).toBe('bac');
    expect(ids(movePanel('a', -1)(three))).toBe('abc');
    expect(ids(movePanel('c', -9)(three))).toBe('cab');
    expect(renamePanel('a', 'x')(three)[0]?.title).toBe('x');
    expect(resizePanel('a', 3)(three)[0]?.width).toBe(3);
  });

  it('change single options and take away those that are undefined', () => {
    const set = setOptions('a', { x: 1, y: 2 })([panel('a')]);
    expect(setOptions('a', { x: undefined })(set)[0]?.options).toEqual({ y: 2 });
  });

  it('do nothing to a panel that is gone', () => {
    expect(renamePanel('z', 'x')(three)).toEqual(three);
    expect(movePanel('z', 1)(three)).toEqual(three);
  });
});

describe('panel sync', () => {
  it('shows a change before it is saved, and saves it', async () => {
    const [sync, server, shown] = await start([panel('a')]);
    const saved = sync.apply(addPanel(panel('b')));
    expect(shown()).toBe('ab');
    expect(ids(server.list.panels)).toBe('a');
    await saved;
    expect(ids(server.list.panels)).toBe('ab');
  });

  it('applies its change again to what somebody else saved first', async () => {
    const [sync, server, shown] = await start([panel('a')]);
    server.before = () => server.change([panel('x'), panel('a')]);
    await sync.apply(addPanel(panel('b')));
    expect(ids(server.list.panels)).toBe('xab');
    expect(shown()).toBe('xab');
  });

  it('saves changes made while it was saving', async () => {
    const [sync, server] = await start([]);
    await Promise.all(['a', 'b', 'c'].map((id) => sync.apply(addPanel(panel(id)))));
    expect(ids(server.list.panels)).toBe('abc');
    expect(server.list.revision).toBeLessThanOrEqual(3);
  });

  it('goes back to what the server has when saving fails, and works again afterwards', async () => {
    const [sync, server, shown] = await start([panel('a')]);
    server.failing = true;
    await expect(sync.apply(removePanel('a'))).rejects.toThrow('away');
    expect(shown()).toBe('a');
    server.failing = false;
    await sync.apply(addPanel(panel('b')));
    expect(ids(server.list.panels)).toBe('ab');
  });
});
