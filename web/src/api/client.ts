// SPDX-License-Identifier: Apache-2.0
// The only place that talks to the network: adds the token, reads refusals, tries again when the
// server asks for patience, and lets every call be aborted.

import { ApiError, errorFrom, isAbort } from './error';

const MAX_WAIT_MS = 10_000;
const DEFAULT_WAIT_MS = 1_000;
const DEFAULT_RETRIES = 3;

export interface ClientOptions {
  fetch: (input: string, init: RequestInit) => Promise<Response>;
  token: () => string | null;
  /** The server refused this token. */
  refused?: (token: string) => void;
  /** Called after every exchange: whether the server answered at all. */
  reached?: (reached: boolean) => void;
  /** Opens a WebSocket to an address of this server. */
  socket?: (path: string, protocols: string[]) => WebSocket;
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  now?: () => number;
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** How often a GET is sent again after 503. 0 leaves patience to the caller. */
  retries?: number;
  /** Without the token, as signing in is. */
  open?: boolean;
}

/** Resolves after a time, rejects with AbortError as soon as the signal fires. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const stop = (): void => {
      clearTimeout(timer);
      failed(new DOMException('The wait was stopped.', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      done();
    }, milliseconds);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Resolves with a successful response only. Throws ApiError, or AbortError when aborted. */
  async request(path: string, options: RequestOptions = {}): Promise<Response> {
    const method = options.method ?? 'GET';
    // Only reading may be repeated blindly; a change that was refused is the caller's to repeat.
    let left = method === 'GET' ? (options.retries ?? DEFAULT_RETRIES) : 0;
    for (;;) {
      const response = await this.#once(path, method, options);
      if (response.ok) return response;
      const error = await errorFrom(response, (this.#options.now ?? Date.now)());
      if (error.status !== 503 || left === 0) throw error;
      left -= 1;
      const wait = Math.min(error.retryAfterMs ?? DEFAULT_WAIT_MS, MAX_WAIT_MS);
      await this.sleep(wait, options.signal);
    }
  }

  async json<T>(path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.request(path, options);
    return this.#read(() => response.json() as Promise<T>);
  }

  async bytes(path: string, options: RequestOptions = {}): Promise<ArrayBuffer> {
    const response = await this.request(path, options);
    return this.#read(() => response.arrayBuffer());
  }

  async blob(path: string, options: RequestOptions = {}): Promise<Blob> {
    const response = await this.request(path, options);
    return this.#read(() => response.blob());
  }

  /**
   * A WebSocket to a path. A browser sets no header on it, so the token goes along as the name of a
   * protocol, which unlike an address is not written into logs.
   */
  socket(path: string): WebSocket {
    const token = this.#options.token();
    const protocols = token === null ? ['oort'] : ['oort', `oort.bearer.${token}`];
    const open = this.#options.socket;
    if (open === undefined) throw new ApiError('unreachable', 'There is no WebSocket here.');
    return open(path, protocols);
  }

  /** The pause between tries. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return (this.#options.sleep ?? sleep)(milliseconds, signal);
  }

  async #once(path: string, method: string, options: RequestOptions): Promise<Response> {
    const headers: Record<string, string> = { ...options.headers };
    const token = options.open === true ? null : this.#options.token();
    if (token !== null) headers['Authorization'] = `Bearer ${token}`;
    const init: RequestInit = { method, headers, credentials: 'omit', redirect: 'error' };
    if (options.signal) init.signal = options.signal;
    if (options.body !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(options.body);
    }
    let response: Response;
    try {
      response = await this.#options.fetch(path, init);
    } catch (thrown) {
      if (isAbort(thrown) || options.signal?.aborted === true) throw thrown;
      this.#options.reached?.(false);
      throw new ApiError(
        'unreachable',
        'The Oort server does not answer. Is `oort serve` still running?',
      );
    }
    this.#options.reached?.(true);
    if (response.status === 401 && token !== null) this.#options.refused?.(token);
    return response;
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (thrown) {
      if (isAbort(thrown)) throw thrown;
      throw new ApiError('bad_answer', 'The answer of the server broke off or was not readable.');
    }
  }
}
