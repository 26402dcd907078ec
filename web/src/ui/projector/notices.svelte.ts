// SPDX-License-Identifier: Apache-2.0
// Sentences to the person, newest last, at most three at a time.

export interface Notice {
  id: number;
  kind: 'info' | 'warning' | 'danger' | 'good';
  text: string;
}

const GOOD_NEWS_MS = 4000;

export class Notices {
  list = $state.raw<Notice[]>([]);
  #id = 0;

  /** Good news goes by itself, bad news stays until it is dismissed. */
  say(kind: Notice['kind'], text: string): void {
    const id = ++this.#id;
    const others = this.list.filter((one) => one.text !== text);
    this.list = [...others.slice(-2), { id, kind, text }];
    if (kind === 'good' || kind === 'info') setTimeout(() => this.dismiss(id), GOOD_NEWS_MS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((one) => one.id !== id);
  }
}
