// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { cutBlocks } from './blocks';
import { Client, sleep, type ClientOptions } from './client';
import { ApiError, asSentence, errorFrom, parseRetryAfter } from './error';
import { loadExperiments } from './experiment_pages';
import { apiPath, query } from './oort_api';
import type { Experiment } from './types';

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });
const refusal = (code: string, message: string): unknown => ({ error: { code, message } });

/** A client that is answered from a list, and what it asked and waited. */
function scripted(answers: (Response | Error)[], more: Partial<ClientOptions> = {}) {
  const asked: { path: string; init: RequestInit }[] = [];
  const waited: number[] = [];
  const client = new Client({
    fetch: (path, init) => {
      asked.push({ path, init });
      const answer = answers.shift() ?? new Error('asked too often');
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    token: () => 'T',
    sleep: (milliseconds) => {
      waited.push(milliseconds);
      return Promise.resolve();
    },
    ...more,
  });
  return { client, asked, waited };
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof ApiError) return thrown;
  throw new Error(`not an ApiError: ${String(thrown)}`);
}

describe('client', () => {
  it('sends the token as a header and never a cookie', async () => {
    const { client, asked } = scripted([json(200, { a: 1 })]);
    expect(await client.json('/x')).toEqual({ a: 1 });
    expect(asked[0]?.init).toMatchObject({
      method: 'GET',
      headers: { Authorization: 'Bearer T' },
      credentials: 'omit',
    });
  });

  it('does not send the token where one signs in', async () => {
    const { client, asked } = scripted([json(200, {})]);
    await client.json('/x', { method: 'POST', body: { code: 'c' }, open: true });
    expect(asked[0]?.init.headers).toEqual({ 'Content-Type': 'application/json' });
    expect(asked[0]?.init.body).toBe('{"code":"c"}');
  });

  it('says what the server said', async () => {
    const { client } = scripted([json(404, refusal('not_found', 'There is no experiment abc.'))]);
    const error = await failure(client.json('/x'));
    expect(error).toMatchObject({ code: 'not_found', status: 404 });
    expect(error.message).toBe('There is no experiment abc.');
  });

  it('asks again after 503, as long as the server said, and no more than three times', async () => {
    const busy = (): Response =>
      json(503, refusal('unavailable', 'uploading'), { 'Retry-After': '2' });
    const patient = scripted([busy(), busy(), json(200, 'there')]);
    expect(await patient.client.json('/x')).toBe('there');
    expect(patient.waited).toEqual([2000, 2000]);

    const hopeless = scripted([busy(), busy(), busy(), busy()]);
    const error = await failure(hopeless.client.json('/x'));
    expect(error).toMatchObject({ code: 'unavailable', retryAfterMs: 2000 });
    expect(hopeless.asked).toHaveLength(4);
  });

  it('never repeats a change by itself, nor what a caller repeats', async () => {
    const put = scripted([json(503, {})]);
    await failure(put.client.json('/x', { method: 'PUT', body: {} }));
    expect(put.asked).toHaveLength(1);
    const own = scripted([json(503, {})]);
    await failure(own.client.json('/x', { retries: 0 }));
    expect(own.asked).toHaveLength(1);
  });

  it('tells of a refused token and of a server that is away', async () => {
    const refused: string[] = [];
    const reached: boolean[] = [];
    const { client } = scripted([json(401, {}), new TypeError('Failed to fetch')], {
      refused: (token) => refused.push(token),
      reached: (now) => reached.push(now),
    });
    expect((await failure(client.json('/x'))).code).toBe('unauthenticated');
    expect((await failure(client.json('/x'))).code).toBe('unreachable');
    expect(refused).toEqual(['T']);
    expect(reached).toEqual([true, false]);
  });

  it('lets an abort through as an abort', async () => {
    const abort = new DOMException('stopped', 'AbortError');
    const { client } = scripted([abort]);
    await expect(client.json('/x')).rejects.toBe(abort);
    const controller = new AbortController();
    const waiting = sleep(60_000, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('takes an answer that is no JSON for a bad answer', async () => {
    const { client } = scripted([new Response('<html>')]);
    expect((await failure(client.json('/x'))).code).toBe('bad_answer');
  });
});

describe('errors', () => {
  it('have words even when the body has none', async () => {
    const error = await errorFrom(new Response('Bad Gateway', { status: 502 }), 0);
    expect(error).toMatchObject({ code: 'internal', status: 502 });
    expect(error.message).toContain('502');
  });

  it('are sentences, however the server writes them', () => {
    expect(asSentence('the token is not known here')).toBe('The token is not known here.');
    expect(asSentence('Is it there?')).toBe('Is it there?');
  });

  it('read Retry-After as seconds or as a date', () => {
    expect(parseRetryAfter('1.5', 0)).toBe(1500);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:10 GMT', 4000)).toBe(6000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:01 GMT', 4000)).toBe(0);
    expect(parseRetryAfter('soon', 0)).toBeNull();
    expect(parseRetryAfter(null, 0)).toBeNull();
  });
});

describe('addresses', () => {
  it('encode what is put into them', () => {
    expect(apiPath('projects', 'a/b', '../c?', 'panels')).toBe(
      '/api/v1/projects/a%2Fb/..%2Fc%3F/panels',
    );
    expect(query({ a: 'x&y', b: null, c: 0 })).toBe('?a=x%26y&c=0');
    expect(query({ a: undefined })).toBe('');
  });
});

describe('experiment pages', () => {
  const make = (key: string): Experiment => ({ key }) as Experiment;

  it('follow the cursor until enough are there', async () => {
    const pages: Record<string, { experiments: Experiment[]; next?: string | null }> = {
      start: { experiments: [make('a'), make('b')], next: 'n' },
      n: { experiments: [make('c')], next: null },
    };
    const api = {
      experiments: (asked: { before?: string | number | undefined }) =>
        Promise.resolve(pages[asked.before ?? 'start'] ?? { experiments: [] }),
    };
    const all = await loadExperiments(api, {}, 10);
    expect(all.experiments.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(all.more).toBe(false);
    expect((await loadExperiments(api, {}, 2)).more).toBe(true);
  });

  it('do not go round for ever on an empty page with a cursor', async () => {
    const api = { experiments: () => Promise.resolve({ experiments: [], next: 'again' }) };
    expect(await loadExperiments(api, {}, 10)).toEqual({ experiments: [], more: false });
  });
});

describe('coordinates', () => {
  it('are cut into one block for each component', () => {
    const blocks = cutBlocks(new Float32Array([1, 2, 3, 4]).buffer, 2);
    expect(blocks.map((block) => [...block])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(() => cutBlocks(new ArrayBuffer(12), 2)).toThrow(ApiError);
  });
});
