// SPDX-License-Identifier: Apache-2.0
// Where the person is: the address bar as state, and ordinary links turned into moves within the page.

import { parseRoute, withParameters, type Route } from './router';

class Place {
  #path = $state('/');
  #search = $state('');
  readonly route: Route = $derived(parseRoute(this.#path));

  get path(): string {
    return this.#path;
  }

  get search(): string {
    return this.#search;
  }

  /** Follows the address bar until the returned function is called. */
  start(): () => void {
    const follow = (): void => this.#read();
    const click = (event: MouseEvent): void => this.#click(event);
    this.#read();
    window.addEventListener('popstate', follow);
    document.addEventListener('click', click);
    return () => {
      window.removeEventListener('popstate', follow);
      document.removeEventListener('click', click);
    };
  }

  go(address: string): void {
    this.push(address);
    window.scrollTo(0, 0);
  }

  /** A step within the page that going back undoes. */
  push(address: string): void {
    history.pushState(null, '', address);
    this.#read();
  }

  replace(address: string): void {
    history.replaceState(history.state, '', address);
    this.#read();
  }

  /** One value of the query string. */
  parameter(name: string): string | null {
    return new URLSearchParams(this.#search).get(name);
  }

  /** Changes the query string in place: going back leaves the page, not one letter of a search. */
  set(changes: Record<string, string | null>): void {
    this.replace(this.#path + withParameters(this.#search, changes));
  }

  #read(): void {
    this.#path = window.location.pathname;
    this.#search = window.location.search;
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    // composedPath: the link may be inside the shadow root of <oort-projector>.
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (link === undefined || link.origin !== window.location.origin) return;
    if (link.target !== '' || link.hasAttribute('download') || link.protocol === 'blob:') return;
    if (link.pathname.startsWith('/api/') || link.getAttribute('href')?.startsWith('#') === true)
      return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const place = new Place();
