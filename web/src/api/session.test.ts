// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ApiError } from './error';
import { codeFromFragment, Session, type Credentials, type TabChannel } from './session';
import type { SessionAnswer } from './types';

class Storage {
  readonly kept = new Map<string, string>();
  getItem = (key: string): string | null => this.kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.kept.set(key, value);
  removeItem = (key: string): void => void this.kept.delete(key);
}

/** Tabs of one browser: each hears the others, not itself. */
class Ether {
  readonly channels: TabChannel[] = [];
  open(): TabChannel {
    const channel: TabChannel = {
      onmessage: null,
      postMessage: (message) => {
        for (const other of this.channels) {
          if (other !== channel) {
            queueMicrotask(() => other.onmessage?.({ data: message } as MessageEvent));
          }
        }
      },
    };
    this.channels.push(channel);
    return channel;
  }
}

interface Setup {
  ether?: Ether;
  storage?: Storage;
  now?: () => number;
  exchange?: (credentials: Credentials) => Promise<SessionAnswer>;
  end?: () => Promise<unknown>;
}

function tab({ ether, storage = new Storage(), now = () => 0, exchange, end }: Setup): Session {
  return new Session({
    storage,
    channel: ether?.open() ?? null,
    exchange: exchange ?? (() => Promise.resolve({ token: 'T', expires_at: 1_000_000 })),
    end: end ?? (() => Promise.reject(new Error('asked to end'))),
    now,
    wait: () => new Promise((done) => setTimeout(done, 5)),
  });
}

const refuse = (): Promise<SessionAnswer> =>
  Promise.reject(new ApiError('unauthenticated', 'used already', 401));

describe('session', () => {
  it('reads the code of a fragment and nothing else', () => {
    expect(codeFromFragment('#code=abc')).toBe('abc');
    expect(codeFromFragment('#x=1&code=a%2Bb')).toBe('a+b');
    expect(codeFromFragment('#code=')).toBeNull();
    expect(codeFromFragment('')).toBeNull();
  });

  it('exchanges the code of the link and keeps the token in this tab', async () => {
    const storage = new Storage();
    const asked: Credentials[] = [];
    const session = tab({
      storage,
      exchange: (credentials) => {
        asked.push(credentials);
        return Promise.resolve({ token: 'T', expires_at: 1_000_000 });
      },
    });
    expect(await session.start('#code=abc')).toEqual({ signedIn: true });
    expect(asked).toEqual([{ code: 'abc' }]);
    expect(session.token()).toBe('T');
    const reloaded = tab({ storage, exchange: refuse });
    expect(await reloaded.start('')).toEqual({ signedIn: true });
    expect(reloaded.token()).toBe('T');
  });

  it('says why a link was refused, unless there is a session already', async () => {
    const outside = await tab({ exchange: refuse }).start('#code=old');
    expect(outside).toMatchObject({ signedIn: false, reason: { message: 'used already' } });

    const storage = new Storage();
    await tab({ storage }).signIn({ token: 'oort_x' });
    expect(await tab({ storage, exchange: refuse }).start('#code=old')).toEqual({ signedIn: true });
  });

  it('is shared with a new tab, not with a tab that did not ask', async () => {
    const ether = new Ether();
    await tab({ ether }).signIn({ token: 'oort_x' });
    const idle = tab({ ether });
    const fresh = tab({ ether, exchange: refuse });
    expect(await fresh.start('')).toEqual({ signedIn: true });
    expect(fresh.token()).toBe('T');
    expect(idle.token()).toBeNull();
  });

  it('gives up asking when there is no other tab', async () => {
    expect(await tab({ ether: new Ether() }).start('')).toEqual({ signedIn: false, reason: null });
  });

  it('ends with its token', async () => {
    let now = 0;
    const session = tab({ now: () => now });
    await session.signIn({ token: 'oort_x' });
    now = 994_999;
    expect(session.token()).toBe('T');
    now = 995_000;
    expect(session.token()).toBeNull();
  });

  it('forgets a refused token, but not a newer one', async () => {
    const storage = new Storage();
    const session = tab({ storage });
    await session.signIn({ token: 'oort_x' });
    expect(session.forget('older')).toBe(false);
    expect(session.token()).toBe('T');
    expect(session.forget('T')).toBe(true);
    expect(session.token()).toBeNull();
    expect(storage.kept.size).toBe(0);
  });

  it('is ended on the server while its token is still known, then forgotten', async () => {
    const storage = new Storage();
    const ended: (string | null)[] = [];
    const session = tab({
      storage,
      end: () => {
        ended.push(session.token());
        return Promise.resolve();
      },
    });
    await session.signIn({ token: 'oort_x' });
    const done = session.signOut();
    expect(session.token()).toBeNull();
    expect(storage.kept.size).toBe(0);
    await done;
    await session.signOut();
    expect(ended).toEqual(['T']);
  });

  it('is forgotten also when the server is away or refuses', async () => {
    const session = tab({ end: () => Promise.reject(new ApiError('unauthenticated', 'no', 401)) });
    await session.signIn({ token: 'oort_x' });
    await expect(session.signOut()).resolves.toBeUndefined();
    expect(session.token()).toBeNull();
    expect(session.forget('T')).toBe(false);
  });

  it('ignores what is damaged in storage and strange on the channel', async () => {
    const storage = new Storage();
    storage.setItem('oort-session', '{"token":5}');
    const ether = new Ether();
    const session = tab({ ether, storage });
    const stranger = ether.open();
    const started = session.start('');
    stranger.postMessage('hello');
    stranger.postMessage({ kind: 'tell', answer: { token: '' } });
    expect(await started).toEqual({ signedIn: false, reason: null });
  });
});
