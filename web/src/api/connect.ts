// SPDX-License-Identifier: Apache-2.0
// Puts the network side of the page together, once, at the start.

import type { ProjectorApi } from '../ui/projector/api';
import { Client } from './client';
import { OortApi } from './oort_api';
import { createProjectorApi } from './projector_api';
import { Session, type TabChannel, type TokenStorage } from './session';
import type { SessionAnswer } from './types';

export interface Connection {
  session: Session;
  api: OortApi;
  projector: ProjectorApi;
}

export interface ConnectionEvents {
  /** The session ended or was refused: the person has to sign in again. */
  signedOut: () => void;
  reached: (reached: boolean) => void;
}

function tabStorage(): TokenStorage {
  try {
    return window.sessionStorage;
  } catch {
    const kept = new Map<string, string>(); // storage is switched off: this page's life only
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}

function tabChannel(): TabChannel | null {
  return typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('oort-session');
}

export function connect(events: ConnectionEvents): Connection {
  const client: Client = new Client({
    fetch: (input, init) => fetch(input, init),
    socket: (path, protocols) => {
      const address = new URL(path, window.location.href);
      address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
      return new WebSocket(address, protocols);
    },
    token: () => session.token(),
    refused: (token) => {
      if (session.forget(token)) events.signedOut();
    },
    reached: events.reached,
  });
  const session = new Session({
    storage: tabStorage(),
    channel: tabChannel(),
    exchange: (credentials) =>
      client.json<SessionAnswer>('/api/v1/session', {
        method: 'POST',
        body: credentials,
        open: true,
      }),
    end: () => client.request('/api/v1/session', { method: 'DELETE' }),
  });
  return { session, api: new OortApi(client), projector: createProjectorApi(client) };
}
