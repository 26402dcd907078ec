// SPDX-License-Identifier: Apache-2.0
// What every page shares: the connection to the server, whether the person is signed in, and the time.

import { getContext, setContext } from 'svelte';
import { connect, type Connection } from '../../api/connect';
import { messageOf } from '../../api/error';
import type { Credentials } from '../../api/session';

export type SignIn = { state: 'starting' } | { state: 'in' } | { state: 'out'; message: string };

export class AppState {
  signIn: SignIn = $state.raw({ state: 'starting' });
  /** Whether the server answered the last question. */
  reached = $state(true);
  readonly connection: Connection;

  constructor() {
    this.connection = connect({
      signedOut: () => {
        this.signIn = { state: 'out', message: 'The session is over. Sign in again to go on.' };
      },
      reached: (reached) => {
        this.reached = reached;
      },
    });
  }

  async start(fragment: string): Promise<void> {
    const result = await this.connection.session.start(fragment);
    if (result.signedIn) {
      this.signIn = { state: 'in' };
      return;
    }
    const message = result.reason === null ? '' : messageOf(result.reason);
    this.signIn = { state: 'out', message };
  }

  /** Throws what the server refused. */
  async enter(credentials: Credentials): Promise<void> {
    await this.connection.session.signIn(credentials);
    this.signIn = { state: 'in' };
  }

  leave(): void {
    void this.connection.session.signOut();
    this.signIn = { state: 'out', message: '' };
  }
}

const KEY = Symbol('oort-app');

export function provideApp(app: AppState): AppState {
  return setContext(KEY, app);
}

export function useApp(): AppState {
  return getContext<AppState>(KEY);
}

class Clock {
  now = $state(Date.now());

  start(): () => void {
    const timer = setInterval(() => {
      this.now = Date.now();
    }, 15_000);
    return () => clearInterval(timer);
  }
}

/** The present, to a quarter of a minute: for "5 min ago". */
export const clock = new Clock();
