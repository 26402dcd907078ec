// SPDX-License-Identifier: Apache-2.0
// Who this browser is to the server. There is no cookie: a token lives in this tab's sessionStorage
// and a new tab asks the open ones for it over a BroadcastChannel, which only our own origin hears.

import type { SessionAnswer } from './types';

const KEY = 'oort-session';
/** How long a new tab waits for another one to answer. */
const ASK_MS = 250;
/** A token is given up this long before it ends, so that no request is sent with a dying one. */
const MARGIN_MS = 5_000;

export interface TokenStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The part of BroadcastChannel that is used. */
export interface TabChannel {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

export type Credentials = { code: string } | { token: string };

export interface SessionOptions {
  storage: TokenStorage;
  channel: TabChannel | null;
  /** POST /api/v1/session. */
  exchange: (credentials: Credentials) => Promise<SessionAnswer>;
  /** DELETE /api/v1/session, with the token of the moment it is called. */
  end: () => Promise<unknown>;
  now?: () => number;
  wait?: (milliseconds: number) => Promise<void>;
}

export type StartResult = { signedIn: true } | { signedIn: false; reason: unknown };

/** The one-time code of `#code=…`, or null. */
export function codeFromFragment(fragment: string): string | null {
  const code = new URLSearchParams(fragment.replace(/^#/, '')).get('code');
  return code === null || code === '' ? null : code;
}

function asAnswer(value: unknown): SessionAnswer | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!('token' in value) || typeof value.token !== 'string' || value.token === '') return null;
  if (!('expires_at' in value) || typeof value.expires_at !== 'number') return null;
  return { token: value.token, expires_at: value.expires_at };
}

/** Owns the token of this tab. */
export class Session {
  readonly #options: SessionOptions;
  #answer: SessionAnswer | null = null;
  #heard: (() => void) | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    if (options.channel !== null) options.channel.onmessage = (event) => this.#hear(event.data);
  }

  /** The token to send, or null when there is none or it has ended. */
  token(): string | null {
    const answer = this.#answer;
    if (answer === null || answer.expires_at - MARGIN_MS <= this.#now()) return null;
    return answer.token;
  }

  /**
   * Finds a token: the link's code first, then this tab's own, then another tab's. A code that is
   * refused does no harm where a session is open already.
   */
  async start(fragment: string): Promise<StartResult> {
    this.#answer = this.#stored();
    const code = codeFromFragment(fragment);
    let reason: unknown = null;
    if (code !== null) {
      try {
        await this.signIn({ code });
        return { signedIn: true };
      } catch (thrown) {
        reason = thrown;
      }
    }
    if (this.token() !== null) return { signedIn: true };
    await this.#askTabs();
    return this.token() === null ? { signedIn: false, reason } : { signedIn: true };
  }

  /** Throws ApiError when the server refuses. */
  async signIn(credentials: Credentials): Promise<void> {
    const answer = asAnswer(await this.#options.exchange(credentials));
    if (answer === null) throw new Error('The server answered the sign-in in an unknown form.');
    this.#keep(answer);
  }

  /**
   * Ends the session for all tabs that share it. This one forgets its token at once; resolves when
   * the server has answered, or cannot be reached: there the session then ends with its time.
   */
  async signOut(): Promise<void> {
    const ending = this.token() === null ? Promise.resolve() : this.#options.end();
    this.forget();
    await ending.catch(() => undefined);
  }

  /** Forgets a token the server refused; false if it is not, or no longer, the one in use. */
  forget(token?: string): boolean {
    if (token !== undefined && this.#answer?.token !== token) return false;
    this.#answer = null;
    this.#options.storage.removeItem(KEY);
    return true;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #keep(answer: SessionAnswer): void {
    this.#answer = answer;
    try {
      this.#options.storage.setItem(KEY, JSON.stringify(answer));
    } catch {
      // Storage is off or full: the session lasts until this page is reloaded.
    }
  }

  #stored(): SessionAnswer | null {
    try {
      return asAnswer(JSON.parse(this.#options.storage.getItem(KEY) ?? 'null'));
    } catch {
      return null;
    }
  }

  async #askTabs(): Promise<void> {
    const { channel } = this.#options;
    if (channel === null) return;
    const wait =
      this.#options.wait ?? ((ms: number) => new Promise<void>((done) => setTimeout(done, ms)));
    const heard = new Promise<void>((done) => {
      this.#heard = done;
    });
    channel.postMessage({ kind: 'ask' });
    await Promise.race([heard, wait(ASK_MS)]);
    this.#heard = null;
  }

  #hear(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('kind' in message)) return;
    if (message.kind === 'ask' && this.token() !== null) {
      this.#options.channel?.postMessage({ kind: 'tell', answer: this.#answer });
    }
    if (message.kind === 'tell' && this.#heard !== null && 'answer' in message) {
      const answer = asAnswer(message.answer);
      if (answer === null) return;
      this.#keep(answer);
      this.#heard();
    }
  }
}
