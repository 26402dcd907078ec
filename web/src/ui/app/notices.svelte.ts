// SPDX-License-Identifier: Apache-2.0
// The one visible notice: what happened, and perhaps what can be done about it.

import { isAbort, messageOf } from '../../api/error';

export interface NoticeAction {
  text: string;
  run: () => void;
}

export interface NoticeEntry {
  kind: 'info' | 'good' | 'warning' | 'danger';
  text: string;
  action: NoticeAction | null;
}

const SHOWN_MS = 6_000;

class Notices {
  current: NoticeEntry | null = $state.raw(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  show(kind: NoticeEntry['kind'], text: string, action: NoticeAction | null = null): void {
    clearTimeout(this.#timer);
    this.current = { kind, text, action };
    // A failure stays until it is read; the rest goes by itself.
    if (kind !== 'danger') this.#timer = setTimeout(() => this.dismiss(), SHOWN_MS);
  }

  /** Ends a failed promise: an abort is no failure, everything else is said. */
  failed(thrown: unknown): void {
    if (!isAbort(thrown)) this.show('danger', messageOf(thrown));
  }

  dismiss(): void {
    clearTimeout(this.#timer);
    this.current = null;
  }
}

export const notices = new Notices();
