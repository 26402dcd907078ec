// SPDX-License-Identifier: Apache-2.0
// Dark or light at the start: what the person chose here before, else what the system prefers.

import { theme } from '../kit/theme.svelte';

function hasChosen(): boolean {
  try {
    return localStorage.getItem('oort-theme') !== null;
  } catch {
    return false;
  }
}

export function startTheme(): void {
  theme.start();
  const light = window.matchMedia('(prefers-color-scheme: light)');
  const follow = (): void => {
    if (!hasChosen()) theme.show(light.matches ? 'light' : 'dark');
  };
  follow();
  light.addEventListener('change', follow);
}
