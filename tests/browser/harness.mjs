// SPDX-License-Identifier: Apache-2.0
// A real server, a real Python client and a real Chromium for the browser tests and the benchmarks.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const { chromium } = createRequire(path.join(root, 'web/package.json'))('playwright-core');
/** OORT_BUILD=build/mine tests another build than the usual one. */
const program = path.join(root, process.env.OORT_BUILD ?? 'build/release', 'oort');
const python = path.join(root, '.venv/bin/python');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `oort serve` on a free loopback port with a home of its own, removed by stop(). */
export class Server {
  static async start() {
    const server = new Server();
    server.home = mkdtempSync(path.join(tmpdir(), 'oort-browser-'));
    const ready = path.join(server.home, 'ready.json');
    server.environment = { ...process.env, OORT_HOME: server.home };
    server.process = spawn(
      program,
      ['serve', '--data', path.join(server.home, 'data'), '--port', '0', '--ready-file', ready],
      { env: server.environment, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    for (let i = 0; !existsSync(ready); ++i) {
      if (i > 1000 || server.process.exitCode !== null) throw new Error('the server did not start');
      await sleep(10);
    }
    Object.assign(server, JSON.parse(readFileSync(ready, 'utf8')));
    Object.assign(server.environment, { OORT_URL: server.url, OORT_API_KEY: server.token });
    return server;
  }

  async stop() {
    this.process.kill('SIGTERM');
    while (this.process.exitCode === null && this.process.signalCode === null) await sleep(10);
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Runs a Python script (a path under the root, or `-c` and its text); returns what it printed. */
  python(...args) {
    const run = spawnSync(python, args, { cwd: root, env: this.environment, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`python ${args[0]} failed:\n${run.stdout}\n${run.stderr}`);
    return run.stdout.trim();
  }

  /** An address that signs the browser in, as a person gets it from `oort open`. */
  open(page = '/') {
    const run = spawnSync(program, ['open', page], { env: this.environment, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`oort open failed: ${run.stderr}`);
    return run.stdout.trim().split('\n').at(-1);
  }

  /** Runs the program with these arguments; returns what it printed. */
  run(...args) {
    const run = spawnSync(program, args, { env: this.environment, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`oort ${args.join(' ')} failed:\n${run.stderr}`);
    return run.stdout.trim();
  }

  async get(address) {
    return (await this.answer(address)).json();
  }

  async bytes(address) {
    return (await this.answer(address)).arrayBuffer();
  }

  async answer(address) {
    const answer = await fetch(this.url + address, { headers: { Authorization: `Bearer ${this.token}` } });
    if (!answer.ok) throw new Error(`GET ${address}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

/** Debian's Chromium with WebGL2 in software. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--enable-unsafe-swiftshader', '--use-gl=angle',
      '--use-angle=swiftshader',
    ],
  });
}

/** A page that fails the test on any script error or Content-Security-Policy report. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('dialog', (dialog) => {
    page.faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.type() === 'error') page.faults.push(message.text());
  });
  return page;
}

/** Waits until the projector on the page has drawn all of its points (and its pictures, if asked). */
export async function allDrawn(page, { total, images = false, timeout = 60_000 } = {}) {
  const wanted = ['[data-complete="true"]', total === undefined ? '' : `[data-total="${total}"]`];
  if (images) wanted.push('[data-images="ready"]');
  await page.locator(wanted.join('')).first().waitFor({ timeout, state: 'attached' });
}

/** The picture of a locator or page as { width, height, at(x, y) -> [r, g, b] }, in CSS pixels. */
export async function pixels(page, target = page) {
  const png = await target.screenshot();
  const blank = await page.context().newPage();
  const picture = await blank.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const data = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    let text = '';
    for (let i = 0; i < data.length; i += 32768) {
      text += String.fromCharCode(...data.subarray(i, i + 32768));
    }
    return { width: bitmap.width, height: bitmap.height, data: btoa(text) };
  }, png.toString('base64'));
  await blank.close();
  const data = Buffer.from(picture.data, 'base64');
  const at = (x, y) => {
    const i = 4 * (Math.round(y) * picture.width + Math.round(x));
    return [data[i], data[i + 1], data[i + 2]];
  };
  return { width: picture.width, height: picture.height, at, png };
}

export const isNear = (colour, wanted, tolerance = 40) =>
  colour.every((channel, i) => Math.abs(channel - wanted[i]) <= tolerance);
