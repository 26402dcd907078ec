// SPDX-License-Identifier: Apache-2.0
// Sets CSS custom properties on an element through CSSOM. `style="…"` attributes and Svelte's
// `style:` in the first rendering are refused by our Content-Security-Policy; this is not.

/** Svelte action: `<i use:cssVars={{ '--share': '40%' }}>`; the class reads `var(--share)`. */
export function cssVars(node: HTMLElement, vars: Record<string, string>) {
  const set = (next: Record<string, string>): void => {
    for (const [name, value] of Object.entries(next)) node.style.setProperty(name, value);
  };
  set(vars);
  return { update: set };
}
