// SPDX-License-Identifier: Apache-2.0
import { TEMPLATE_TYPE, type Asset } from '../../api/types';
import { useApp } from './app_state.svelte';
import { useResource, type Resource } from './resource.svelte';

/**
 * The assets of an experiment (null: none), asked for again only when its version (`updated_at`)
 * changes: that is what says that there is something new.
 */
export function useAssets(
  key: () => string | null,
  version: () => number | undefined,
  type?: string,
): Resource<Asset[]> {
  const { api } = useApp().connection;
  const assets = useResource(key, (asked, signal) =>
    asked === null ? Promise.resolve([]) : api.assets(asked, type, signal),
  );
  let seen: number | undefined;
  $effect(() => {
    const now = version();
    if (seen !== undefined && now !== seen) assets.refresh();
    seen = now;
  });
  return assets;
}

/** What the Images tab shows: pictures that were logged, and the sprites of embeddings. */
export function isPictureType(type: string): boolean {
  return type === 'image' || type === 'sprite';
}

/** The template that was changed last; of equals the one logged last. */
export function newestTemplate(assets: readonly Asset[]): Asset | null {
  let newest: Asset | null = null;
  for (const asset of assets) {
    if (asset.type !== TEMPLATE_TYPE) continue;
    if (newest === null || asset.updated_at >= newest.updated_at) newest = asset;
  }
  return newest;
}

/** A group's template is called by its group, the others by their file. */
export function templateName(asset: Asset): string {
  return asset.group !== null && asset.group !== '' ? asset.group : asset.name;
}
