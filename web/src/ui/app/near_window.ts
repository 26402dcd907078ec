// SPDX-License-Identifier: Apache-2.0

/** Svelte action: calls once, when the element is about to come into view. */
export function nearWindow(node: HTMLElement, seen: () => void): { destroy: () => void } {
  const watch = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      seen();
    },
    { rootMargin: '400px' },
  );
  watch.observe(node);
  return { destroy: () => watch.disconnect() };
}
