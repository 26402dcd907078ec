// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  EXPERIMENT_TABS,
  experimentPath,
  parseRoute,
  projectorPath,
  projectPath,
  withParameters,
} from './router';

describe('router', () => {
  it('knows each page by its address', () => {
    expect(parseRoute('/')).toEqual({ page: 'home' });
    expect(parseRoute('/index.html')).toEqual({ page: 'home' });
    expect(parseRoute('/workspaces/a/projects/b')).toEqual({
      page: 'project',
      workspace: 'a',
      project: 'b',
    });
    expect(parseRoute('/experiments/k')).toEqual({ page: 'experiment', key: 'k', tab: 'panels' });
    expect(parseRoute('/experiments/k/projector/t')).toEqual({
      page: 'projector',
      key: 'k',
      template: 't',
    });
  });

  it('leads back from every address it makes, whatever the names are', () => {
    for (const name of ['plain', 'a b', 'a/b', '50%', 'ü?#&', '..', '中文']) {
      expect(parseRoute(projectPath(name, name))).toEqual({
        page: 'project',
        workspace: name,
        project: name,
      });
      expect(parseRoute(projectorPath(name, name))).toEqual({
        page: 'projector',
        key: name,
        template: name,
      });
    }
    for (const tab of EXPERIMENT_TABS) {
      expect(parseRoute(experimentPath('k', tab))).toEqual({ page: 'experiment', key: 'k', tab });
    }
  });

  it('takes a slash at the end for none', () => {
    expect(parseRoute('/experiments/k/metrics/')).toMatchObject({ tab: 'metrics' });
  });

  it.each([
    '/nothing',
    '/experiments',
    '/experiments/k/nothing',
    '/experiments/k/projector',
    '/experiments/k/projector/t/more',
    '/workspaces/a',
    '/workspaces/a/projects/b/c',
    '/experiments//metrics',
    '/experiments/%E0%A4%A',
  ])('has no page at %s', (path) => {
    expect(parseRoute(path)).toEqual({ page: 'not_found', path });
  });

  it('changes some parameters of a query string and keeps the others', () => {
    expect(withParameters('?a=1&b=2', { b: '3', c: 'x y' })).toBe('?a=1&b=3&c=x+y');
    expect(withParameters('?a=1', { a: null })).toBe('');
    expect(withParameters('?a=1', { a: '' })).toBe('');
  });
});
