// SPDX-License-Identifier: Apache-2.0
// Something the server has, as state: loaded once, refreshed quietly while it changes. What is on
// screen stays until the new answer is here, and an equal answer changes nothing, so nothing flickers.

import { untrack } from 'svelte';
import { ApiError, isAbort, messageOf } from '../../api/error';

export class Resource<T> {
  /** The newest answer; undefined until the first one. */
  data = $state.raw<T | undefined>();
  /** Why the last attempt failed; null after a success. */
  error: ApiError | null = $state.raw(null);
  #refresh: (() => void) | null = null;

  get loading(): boolean {
    return this.data === undefined && this.error === null;
  }

  /** Asks again now. */
  refresh(): void {
    this.#refresh?.();
  }

  /** Loads, then again after `every(data)` ms (null: never), until the returned function is called. */
  follow(
    load: (signal: AbortSignal) => Promise<T>,
    every: (data: T | undefined) => number | null,
  ): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort = new AbortController();
    let text: string | undefined;
    const later = (): void => {
      const wait = every(this.data);
      if (wait !== null && !document.hidden) timer = setTimeout(() => void ask(), wait);
    };
    const ask = async (): Promise<void> => {
      clearTimeout(timer);
      abort.abort();
      const mine = (abort = new AbortController());
      try {
        const data = await load(mine.signal);
        if (mine.signal.aborted) return;
        const fresh = JSON.stringify(data);
        if (fresh !== text) this.data = data;
        text = fresh;
        this.error = null;
      } catch (thrown) {
        if (isAbort(thrown) || mine.signal.aborted) return;
        this.error =
          thrown instanceof ApiError ? thrown : new ApiError('internal', messageOf(thrown));
      }
      later();
    };
    // A hidden page asks for nothing; coming back to it asks at once.
    const seen = (): void => {
      if (!document.hidden && every(this.data) !== null) void ask();
      else if (document.hidden) clearTimeout(timer);
    };
    this.data = undefined;
    this.error = null;
    this.#refresh = () => void ask();
    document.addEventListener('visibilitychange', seen);
    void ask();
    return () => {
      clearTimeout(timer);
      abort.abort();
      document.removeEventListener('visibilitychange', seen);
    };
  }
}

/** A resource for as long as the component lives. A new key starts over; keys are compared as JSON. */
export function useResource<K, T>(
  key: () => K,
  load: (key: K, signal: AbortSignal) => Promise<T>,
  every: (data: T | undefined) => number | null = () => null,
): Resource<T> {
  const resource = new Resource<T>();
  const name = $derived(JSON.stringify(key()));
  $effect(() => {
    const asked = JSON.parse(name) as K;
    return untrack(() => resource.follow((signal) => load(asked, signal), every));
  });
  return resource;
}

/** How often a page looks again. */
export const REFRESH_MS = { running: 3_000, waiting: 3_000, idle: 15_000 } as const;
