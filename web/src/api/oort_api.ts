// SPDX-License-Identifier: Apache-2.0
// One method per thing the pages ask of the server. Routes and forms: api/openapi.yaml.

import type { Client } from './client';
import type {
  Asset,
  Experiment,
  ExperimentPage,
  MetricPoints,
  MetricSummary,
  Other,
  PanelList,
  PanelOwner,
  Parameter,
  ServerInfo,
  Workspace,
} from './types';

const ROOT = '/api/v1';

/** Path segments are data: each is encoded, none may climb. */
export function apiPath(...segments: (string | number)[]): string {
  return [ROOT, ...segments.map((segment) => encodeURIComponent(String(segment)))].join('/');
}

/** `?a=1&b=2`, without what is undefined; empty when nothing is left. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

export interface ExperimentQuery {
  workspace?: string | undefined;
  project?: string | undefined;
  limit?: number | undefined;
  before?: string | number | undefined;
}

/** The beginning of an asset's content. */
export interface Excerpt {
  bytes: Uint8Array;
  /** Of the whole content, in bytes. */
  size: number;
}

export class OortApi {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  server(signal?: AbortSignal): Promise<ServerInfo> {
    return this.#client.json(apiPath('server'), { signal });
  }

  async workspaces(signal?: AbortSignal): Promise<Workspace[]> {
    const answer = await this.#client.json<{ workspaces: Workspace[] }>(apiPath('workspaces'), {
      signal,
    });
    return answer.workspaces;
  }

  experiments(asked: ExperimentQuery, signal?: AbortSignal): Promise<ExperimentPage> {
    return this.#client.json(apiPath('experiments') + query({ ...asked }), { signal });
  }

  experiment(key: string, signal?: AbortSignal): Promise<Experiment> {
    return this.#client.json(apiPath('experiments', key), { signal });
  }

  async assets(key: string, type?: string, signal?: AbortSignal): Promise<Asset[]> {
    const path = apiPath('experiments', key, 'assets') + query({ type });
    return (await this.#client.json<{ assets: Asset[] }>(path, { signal })).assets;
  }

  content(key: string, asset: string, signal?: AbortSignal): Promise<Blob> {
    return this.#client.blob(apiPath('experiments', key, 'assets', asset, 'content'), { signal });
  }

  /** The first `limit` bytes, asked for by Range. A server that sends all is read no further. */
  async excerpt(asset: Asset, key: string, limit: number, signal?: AbortSignal): Promise<Excerpt> {
    if (asset.size === 0) return { bytes: new Uint8Array(0), size: 0 };
    const path = apiPath('experiments', key, 'assets', asset.id, 'content');
    const headers = { Range: `bytes=0-${limit - 1}` };
    const bytes = new Uint8Array(await this.#client.bytes(path, { headers, signal }));
    return { bytes: bytes.subarray(0, limit), size: asset.size };
  }

  async metrics(key: string, signal?: AbortSignal): Promise<MetricSummary[]> {
    const path = apiPath('experiments', key, 'metrics');
    return (await this.#client.json<{ metrics: MetricSummary[] }>(path, { signal })).metrics;
  }

  metricPoints(
    key: string,
    name: string,
    context: string | null,
    signal?: AbortSignal,
  ): Promise<MetricPoints> {
    const path = apiPath('experiments', key, 'metrics', 'points') + query({ name, context });
    return this.#client.json(path, { signal });
  }

  async parameters(key: string, signal?: AbortSignal): Promise<Parameter[]> {
    const path = apiPath('experiments', key, 'parameters');
    return (await this.#client.json<{ parameters: Parameter[] }>(path, { signal })).parameters;
  }

  async others(key: string, signal?: AbortSignal): Promise<Other[]> {
    const path = apiPath('experiments', key, 'other');
    return (await this.#client.json<{ other: Other[] }>(path, { signal })).other;
  }

  panels(owner: PanelOwner, signal?: AbortSignal): Promise<PanelList> {
    return this.#client.json(panelPath(owner), { signal });
  }

  /** `list.revision` is the one that was read. Throws ApiError `conflict` when it is not current. */
  putPanels(owner: PanelOwner, list: PanelList): Promise<PanelList> {
    return this.#client.json(panelPath(owner), { method: 'PUT', body: list });
  }
}

function panelPath(owner: PanelOwner): string {
  return owner.kind === 'experiment'
    ? apiPath('experiments', owner.key, 'panels')
    : apiPath('projects', owner.workspace, owner.project, 'panels');
}
