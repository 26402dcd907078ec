// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { frameBytes } from '../data/layout_frame_bytes';
import type { LayoutFrame, ProjectionInfo } from '../ui/projector/projection_source';
import { Client } from './client';
import { createProjectionSource } from './projections_api';

const ENTRY = { experiment: 'e', template: 't', entry: 2 };
const HEAD = { iteration: 3, nIterations: 9, sequence: 1 };

const info = (state: ProjectionInfo['state'], more: Partial<ProjectionInfo> = {}) => ({
  key: 'k',
  state,
  method: 'umap',
  n_components: 2,
  ...more,
});

interface FakeSocket {
  path: string;
  protocols: string[];
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  closed: number | null;
}

/** A source whose HTTP answers come from a list and whose sockets the test plays. */
function scripted(answers: unknown[]) {
  const asked: { method: string; path: string; body: unknown }[] = [];
  const sockets: FakeSocket[] = [];
  const waits: number[] = [];
  const heard: string[] = [];
  const frames: LayoutFrame[] = [];
  const client = new Client({
    fetch: (path, init) => {
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : null;
      asked.push({ method: init.method ?? '', path, body });
      const answer = answers.shift();
      if (answer === undefined) return Promise.reject(new Error('asked too often'));
      if (answer instanceof Response) return Promise.resolve(answer);
      return Promise.resolve(new Response(JSON.stringify(answer)));
    },
    token: () => 'TOKEN',
    sleep: (milliseconds, signal) => {
      waits.push(milliseconds);
      if (waits.length > 8) return new Promise(() => undefined); // long enough for a test
      return signal?.aborted === true ? Promise.reject(new Error()) : Promise.resolve();
    },
    socket: (path, protocols) => {
      const socket: FakeSocket = {
        path,
        protocols,
        binaryType: '',
        onopen: null,
        onmessage: null,
        onclose: null,
        closed: null,
      };
      sockets.push(socket);
      const close = (code: number): void => void (socket.closed = code);
      return Object.assign(socket, { close }) as unknown as WebSocket;
    },
  });
  const source = createProjectionSource(client);
  const listener = {
    state: ({ state }: ProjectionInfo) => void heard.push(state),
    frame: (frame: LayoutFrame) => {
      frames.push(frame);
      heard.push(`frame ${frame.iteration}`);
    },
    connection: (lost: boolean) => void heard.push(lost ? 'lost' : 'back'),
    failed: (thrown: unknown) => void heard.push(`failed: ${(thrown as Error).message}`),
  };
  return { source, listener, asked, sockets, waits, heard, frames };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('projections on the server', () => {
  it('are asked for by what they are made of', async () => {
    const { source, asked } = scripted([{ state: null }, info('queued'), { methods: [] }]);
    const request = { method: 'umap', n_components: 3, options: { min_dist: 0.2 } };
    await source.forecast(ENTRY, { ...request, supervise_by: null });
    await source.start(ENTRY, { ...request, supervise_by: 'digit' });
    expect(await source.methods()).toEqual([]);
    const body = { experiment: 'e', template: 't', entry: 2, ...request };
    expect(asked).toEqual([
      { method: 'POST', path: '/api/v1/projections/estimate', body },
      { method: 'POST', path: '/api/v1/projections', body: { ...body, supervise_by: 'digit' } },
      { method: 'GET', path: '/api/v1/methods', body: null },
    ]);
  });

  it('are followed until they are done, frames as they come', async () => {
    const script = scripted([info('running'), info('done')]);
    script.source.follow('k', script.listener);
    await soon();
    const [socket] = script.sockets;
    expect(socket?.path).toBe('/api/v1/projections/k/frames?encoding=uint16');
    expect(socket?.protocols).toEqual(['oort', 'oort.bearer.TOKEN']);
    expect(socket?.binaryType).toBe('arraybuffer');
    socket?.onopen?.();
    socket?.onmessage?.({ data: JSON.stringify(info('running')) });
    const columns = [Float32Array.of(0, 1), Float32Array.of(2, 2)];
    socket?.onmessage?.({ data: frameBytes('float32', columns, HEAD) });
    socket?.onmessage?.({ data: JSON.stringify(info('done')) });
    socket?.onclose?.({ code: 1000 });
    await soon();
    expect(script.heard).toEqual(['running', 'running', 'frame 3', 'done', 'done']);
    expect(script.frames[0]?.columns()).toEqual(columns);
    expect(script.sockets).toHaveLength(1);
  });

  it('are listened to again when the connection breaks, and it is said', async () => {
    const script = scripted([info('running'), info('running'), info('done')]);
    script.source.follow('k', script.listener);
    await soon();
    script.sockets[0]?.onopen?.();
    script.sockets[0]?.onclose?.({ code: 1006 });
    await soon();
    script.sockets[1]?.onopen?.();
    script.sockets[1]?.onclose?.({ code: 1000 });
    await soon();
    expect(script.heard).toEqual(['running', 'lost', 'running', 'back', 'done']);
  });

  it('wait longer and longer for a server that is away', async () => {
    const away = new Response('{}', { status: 502 });
    const script = scripted([]);
    script.source.follow('k', script.listener);
    await soon();
    expect(script.heard[0]).toBe('lost');
    expect(script.waits.slice(0, 7)).toEqual([250, 500, 1000, 2000, 5000, 5000, 5000]);
    const refused = scripted([away]);
    refused.source.follow('k', refused.listener);
    await soon();
    expect(refused.heard).toEqual(['failed: The server refused this request (HTTP 502).']);
  });

  it('are paused, stopped and continued, and followed again after a stop', async () => {
    const script = scripted([
      info('running'),
      info('paused'),
      info('stopped'),
      info('stopped'),
      info('queued'),
      info('queued'),
    ]);
    const run = script.source.follow('k', script.listener);
    await soon();
    await run.pause();
    await run.stop();
    script.sockets[0]?.onopen?.();
    script.sockets[0]?.onclose?.({ code: 1000 });
    await soon();
    await run.resume();
    await soon();
    expect(script.asked.filter(({ method }) => method === 'PATCH').map(({ body }) => body)).toEqual(
      [{ action: 'pause' }, { action: 'stop' }, { action: 'continue' }],
    );
    expect(script.sockets).toHaveLength(2);
    run.close();
    expect(script.sockets[1]?.closed).toBe(1000);
  });

  it('tell nothing any more once closed', async () => {
    const script = scripted([info('running')]);
    const run = script.source.follow('k', script.listener);
    await soon();
    run.close();
    script.sockets[0]?.onmessage?.({ data: JSON.stringify(info('done')) });
    script.sockets[0]?.onclose?.({ code: 1006 });
    await soon();
    expect(script.heard).toEqual(['running']);
  });

  it('have layouts of the dimensions asked for; a frame that is none is said', async () => {
    const layout = new Response(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
    const script = scripted([info('running'), layout]);
    const run = script.source.follow('k', script.listener);
    await soon();
    expect((await run.layout(3)).map((column) => [...column])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    script.sockets[0]?.onmessage?.({ data: new ArrayBuffer(40) });
    expect(script.heard.at(-1)).toMatch(/^failed: The layout came in a form/);
  });
});
