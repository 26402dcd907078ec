// SPDX-License-Identifier: Apache-2.0
// The projector's view of the server. Binary answers are little-endian, as are all machines a
// browser runs on; every per-row array comes in draw order.

import type { EntryRef, ProjectorApi } from '../ui/projector/api';
import { cutBlocks, words } from './blocks';
import type { Client } from './client';
import { apiPath } from './oort_api';
import { createProjectionSource } from './projections_api';
import type { Experiment } from './types';

function base(entry: EntryRef): (string | number)[] {
  return ['experiments', entry.experiment, 'templates', entry.template, 'entries', entry.entry];
}

/**
 * Speaks to our server. Nothing is retried here: the projector shows what it waits for and asks
 * again by itself.
 */
export function createProjectorApi(client: Client): ProjectorApi {
  const json = <T>(path: string, signal?: AbortSignal): Promise<T> =>
    client.json<T>(path, { signal, retries: 0 });
  const bytes = async (path: string, signal?: AbortSignal): Promise<ArrayBuffer> =>
    words(await client.bytes(path, { signal, retries: 0 }));
  return {
    experiment: (key, signal) => json<Experiment>(apiPath('experiments', key), signal),
    template: (key, template, signal) =>
      json(apiPath('experiments', key, 'templates', template), signal),
    dataset: (entry, signal) => json(apiPath(...base(entry), 'dataset'), signal),
    order: async (entry, signal) =>
      new Uint32Array(await bytes(apiPath(...base(entry), 'order'), signal)),
    codes: async (entry, column, signal) =>
      new Uint32Array(await bytes(apiPath(...base(entry), 'columns', column, 'codes'), signal)),
    values: (entry, column, signal) =>
      json(apiPath(...base(entry), 'columns', column, 'values'), signal),
    numbers: async (entry, column, signal) =>
      new Float32Array(await bytes(apiPath(...base(entry), 'columns', column, 'numbers'), signal)),
    pca: (entry, signal) => json(apiPath(...base(entry), 'projections', 'pca'), signal),
    pcaCoordinates: async (entry, components, signal) => {
      const path = apiPath(...base(entry), 'projections', 'pca', 'coordinates');
      const buffer = await bytes(`${path}?components=${components.join(',')}`, signal);
      return cutBlocks(buffer, components.length);
    },
    projections: createProjectionSource(client),
    image: (key, asset, signal) =>
      client.blob(apiPath('experiments', key, 'assets', asset, 'content'), { signal }),
  };
}
