// SPDX-License-Identifier: Apache-2.0
// Dark or light, for the whole document: the attribute data-theme on <html>, which tokens.css
// reads.
// Dark is the default; a person's own choice is remembered on this machine.

export type Theme = 'dark' | 'light';

const KEY = 'oort-theme';

function remembered(): Theme {
  try {
    return localStorage.getItem(KEY) === 'light' ? 'light' : 'dark';
  } catch {
    return 'dark'; // storage may be switched off; then nothing is remembered
  }
}

class ThemeChoice {
  #current = $state<Theme>('dark');

  get current(): Theme {
    return this.#current;
  }

  /** Reads the remembered choice and applies it. Call once, before the first paint. */
  start(): void {
    this.show(remembered());
  }

  /** Shows a theme without remembering it, as a shared link does. */
  show(theme: Theme): void {
    this.#current = theme;
    document.documentElement.dataset['theme'] = theme;
  }

  /** Shows a theme and remembers it. */
  choose(theme: Theme): void {
    this.show(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Not remembered, still shown.
    }
  }

  toggle(): void {
    this.choose(this.#current === 'dark' ? 'light' : 'dark');
  }
}

export const theme = new ThemeChoice();
