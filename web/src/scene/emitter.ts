// SPDX-License-Identifier: Apache-2.0

/** Typed events: K names an event, Events[K] is what its listeners get. */
export class Emitter<Events> {
  private readonly listeners = new Map<keyof Events, Set<(event: never) => void>>();

  on<K extends keyof Events>(name: K, listener: (event: Events[K]) => void): () => void {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<K extends keyof Events>(name: K, event: Events[K]): void {
    for (const listener of this.listeners.get(name) ?? []) {
      (listener as (event: Events[K]) => void)(event);
    }
  }

  clear(): void {
    this.listeners.clear();
  }
}
