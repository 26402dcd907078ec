// SPDX-License-Identifier: Apache-2.0
// Which page an address means, and the address of each page. Pure: nothing here touches the browser.

export const EXPERIMENT_TABS = [
  'panels',
  'assets',
  'images',
  'metrics',
  'parameters',
  'other',
] as const;
export type ExperimentTab = (typeof EXPERIMENT_TABS)[number];

export type Route =
  | { page: 'home' }
  | { page: 'project'; workspace: string; project: string }
  | { page: 'experiment'; key: string; tab: ExperimentTab }
  | { page: 'projector'; key: string; template: string }
  | { page: 'not_found'; path: string };

function isTab(text: string): text is ExperimentTab {
  return (EXPERIMENT_TABS as readonly string[]).includes(text);
}

function segmentsOf(path: string): string[] | null {
  try {
    return path
      .replace(/\/+$/, '')
      .split('/')
      .slice(1)
      .map((segment) => decodeURIComponent(segment));
  } catch {
    return null; // a broken % sequence is nobody's address
  }
}

export function parseRoute(path: string): Route {
  const nowhere: Route = { page: 'not_found', path };
  const segments = segmentsOf(path);
  if (segments === null || segments.includes('')) return nowhere;
  const [room, first, second, third] = segments;
  if (room === undefined || (segments.length === 1 && room === 'index.html')) {
    return { page: 'home' };
  }
  if (room === 'workspaces' && segments.length === 4 && second === 'projects') {
    return { page: 'project', workspace: first ?? '', project: third ?? '' };
  }
  if (room !== 'experiments' || first === undefined) return nowhere;
  if (segments.length === 2) return { page: 'experiment', key: first, tab: 'panels' };
  if (segments.length === 3 && second !== undefined && isTab(second)) {
    return { page: 'experiment', key: first, tab: second };
  }
  if (segments.length === 4 && second === 'projector' && third !== undefined) {
    return { page: 'projector', key: first, template: third };
  }
  return nowhere;
}

export function projectPath(workspace: string, project: string): string {
  return `/workspaces/${encodeURIComponent(workspace)}/projects/${encodeURIComponent(project)}`;
}

export function experimentPath(key: string, tab: ExperimentTab = 'panels'): string {
  const path = `/experiments/${encodeURIComponent(key)}`;
  return tab === 'panels' ? path : `${path}/${tab}`;
}

export function projectorPath(key: string, template: string): string {
  return `/experiments/${encodeURIComponent(key)}/projector/${encodeURIComponent(template)}`;
}

/** The same query string with some parameters changed; null or '' takes one away. */
export function withParameters(search: string, changes: Record<string, string | null>): string {
  const parameters = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') parameters.delete(name);
    else parameters.set(name, value);
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
