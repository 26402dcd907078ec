// SPDX-License-Identifier: Apache-2.0
// t-SNE and UMAP as a person meets them: the server, its worker and a browser, all real. Points move
// while they are computed, computations are held and go on, and what was computed is there at once.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Server, allDrawn, launch, newPage, pixels, root } from './harness.mjs';

const mnist = path.join(root, '../shared/data/mnist.npz');
const pictures = path.join(root, 'build/screenshots');
let server, browser;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  server = await Server.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const keep = async (name, page) =>
  writeFileSync(path.join(pictures, `${name}.png`), (await pixels(page)).png);
const pathOf = (address) => new URL(address).pathname;
const tab = (page, name) => page.getByRole('tab', { name: new RegExp(`^${name}`) });
const selected = (page, name) => page.locator('[role=tab][aria-selected=true]', { hasText: name });
const button = (page, name) => page.getByRole('button', { name, exact: true });
const strip = (page) => page.getByRole('region', { name: 'Computation' });
const isIn = (page, state, timeout = 60_000) =>
  page.locator(`[data-projection="${state}"]`).waitFor({ timeout, state: 'attached' });
const isPlacedBy = (page, method, timeout = 60_000) =>
  page.locator(`[data-placed-by="${method}"]`).waitFor({ timeout, state: 'attached' });

/** Where the first points are on the canvas. */
const places = (page, n = 200) =>
  page.locator('oort-projector').evaluate(
    ({ scene }, count) =>
      Array.from({ length: count }, (_, position) => scene.screenPosition(position)).map(({ x, y }) => [x, y]),
    n,
  );
/** The mean way between two answers of places(), in pixels. */
const way = (a, b) =>
  a.reduce((sum, [x, y], i) => sum + Math.hypot(x - b[i][0], y - b[i][1]), 0) / a.length;

/** Requests of a page that start work or steer it. */
function watched(page) {
  const asked = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/v1/projections') && !pathname.endsWith('/estimate')) {
      asked.push(`${request.method()} ${pathname.split('/').length > 4 ? 'one' : 'all'}`);
    }
  });
  return asked;
}

const FOUR = `
import json
from oort import Experiment
experiment = Experiment()
experiment.set_name("four points")
logged = experiment.log_embedding(
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], ["one", "two", "three", "four"])
experiment.end()
print(json.dumps(logged))
`;

/** Eight clusters; also written as .npy beside the server's data, for the command line. */
const CLUSTERS = (n, file) => `
import json
import numpy as np
from oort import Experiment
random = np.random.default_rng(0)
kinds = random.integers(0, 8, ${n})
points = (random.normal(size=(8, 40)) * 1.5)[kinds] + random.normal(size=(${n}, 40))
points = points.astype(np.float32)
np.save(${JSON.stringify(file)}, points)
experiment = Experiment()
experiment.set_name("clusters")
logged = experiment.log_embedding(points, {"kind": [f"kind {k}" for k in kinds]}, title="clusters")
experiment.end()
print(json.dumps(logged))
`;
let logged;
const clustersFile = () => path.join(server.home, 'clusters.npy');
const clusters = () =>
  (logged ??= JSON.parse(server.python('-c', CLUSTERS(8000, clustersFile())).split('\n').at(-1)));

test('the four points by PCA, t-SNE and UMAP, flat and in space, with what was clamped said', async () => {
  const { web } = JSON.parse(server.python('-c', FOUR).split('\n').at(-1));
  const page = await newPage(browser);
  await page.goto(server.open(pathOf(web)));
  await allDrawn(page, { total: 4 });
  await isPlacedBy(page, 'pca');
  for (const [name, method] of [['t-SNE', 'tsne'], ['UMAP', 'umap']]) {
    await tab(page, name).click();
    for (const dimension of ['3-D', '2-D']) {
      await page.getByRole('radio', { name: dimension }).click();
      await button(page, 'Run').click();
      await isIn(page, 'done');
      await isPlacedBy(page, method);
      await page.waitForTimeout(500);
      const there = await places(page, 4);
      assert.ok(there.flat().every(Number.isFinite), `${name} ${dimension}: ${there}`);
      const said = page.locator('.notes');
      assert.match(await said.innerText(), /cut to/, `${name} ${dimension} says what it clamped`);
      await keep(`four-points-${method}-${dimension}`, page);
    }
  }
  await page.waitForURL(/method=umap/);
  await tab(page, 'PCA').click();
  await isPlacedBy(page, 'pca');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('UMAP started from the page moves the points, is held, stopped, continued and finished', async () => {
  const { web } = clusters();
  const page = await newPage(browser);
  const asked = watched(page);
  await page.goto(server.open(`${pathOf(web)}?view=2d`));
  await allDrawn(page, { total: 8000 });
  await tab(page, 'UMAP').click();
  await button(page, 'More options').click();
  await page.getByRole('spinbutton', { name: 'Epochs' }).fill('100000'); // long enough to be held
  await page.getByText(/About .* (MB|GB)/).waitFor();
  await button(page, 'Run').click();
  await isIn(page, 'running');
  await isPlacedBy(page, 'umap');

  const first = await places(page);
  await page.waitForTimeout(700);
  const second = await places(page);
  assert.ok(way(first, second) > 1, `the points moved by ${way(first, second)} px`);
  await strip(page).getByRole('button', { name: 'Pause' }).click();
  await isIn(page, 'paused');
  assert.match(await strip(page).innerText(), /UMAP\s+Paused at epoch \d[\d,]* of 100,000/);
  await keep('umap-paused', page);
  await page.waitForTimeout(700);
  const held = await places(page);
  await page.waitForTimeout(500);
  assert.ok(way(held, await places(page)) < 0.01, 'the points stay while it is paused');
  await strip(page).getByRole('button', { name: 'Continue' }).click();
  await isIn(page, 'running');

  await strip(page).getByRole('button', { name: 'Stop' }).click();
  await isIn(page, 'stopped');
  await isPlacedBy(page, 'umap'); // the layout so far stays
  await page.waitForTimeout(500);
  const stopped = await places(page);
  await strip(page).getByRole('button', { name: 'Continue' }).click();
  await isIn(page, 'done', 120_000);
  await page.waitForTimeout(600);
  assert.ok(way(stopped, await places(page)) > 0.1, 'it went on after the stop');
  await keep('umap-done', page);
  assert.equal(asked.filter((one) => one === 'POST all').length, 1, 'one computation was asked for');

  // Coming back shows the finished layout with the first picture, and computes nothing.
  const finished = await places(page);
  asked.length = 0;
  await page.reload();
  await allDrawn(page, { total: 8000 });
  assert.equal(await page.locator('[data-placed-by]').getAttribute('data-placed-by'), 'umap');
  await page.waitForTimeout(400);
  assert.ok(way(finished, await places(page)) < 1, 'the same picture');
  assert.equal(await page.getByRole('spinbutton', { name: 'Neighbours' }).inputValue(), '15');
  assert.deepEqual(asked.filter((one) => one !== 'GET one'), []);

  // Other tabs lose nothing.
  await tab(page, 'PCA').click();
  await isPlacedBy(page, 'pca');
  await tab(page, 'UMAP').click();
  await isPlacedBy(page, 'umap');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

/** The float32 numbers of a .npy file as bits. */
function bitsOf(npy) {
  const file = readFileSync(npy);
  const start = 10 + file.readUInt16LE(8);
  return new Uint32Array(file.buffer.slice(file.byteOffset + start, file.byteOffset + file.length));
}

test('the server, the command line and Python give the same bytes for the same request', async () => {
  const { web } = clusters();
  const page = await newPage(browser);
  await page.goto(server.open(`${pathOf(web)}?view=2d&method=umap&n_epochs=60&seed=7`));
  await allDrawn(page, { total: 8000 });
  const started = page.waitForResponse(
    (answer) => answer.request().method() === 'POST' && answer.url().endsWith('/projections'),
  );
  await button(page, 'Run').click();
  const { key } = await (await started).json();
  await isIn(page, 'done');
  const [experiment, template] = [/experiments\/(\w+)/, /projector\/(\w+)/].map((at) => web.match(at)[1]);
  const entry = `/api/v1/experiments/${experiment}/templates/${template}/entries/0`;
  const order = new Uint32Array(await server.bytes(`${entry}/order`));
  const layout = new Uint32Array(await server.bytes(`/api/v1/projections/${key}/layout`));
  const n = order.length;
  assert.equal(layout.length, 2 * n);
  const out = (name) => path.join(server.home, `${name}.npy`);
  server.run(
    ...['project', clustersFile(), '--method', 'umap', '--dims', '2', '--set', 'n_epochs=60'],
    ...['--seed', '7', '--threads', '1', '--out', out('cli')],
  );
  server.python(
    '-c',
    `import numpy, oort
points = numpy.load(${JSON.stringify(clustersFile())})
layout = oort.UMAP(n_epochs=60, random_state=7, n_jobs=1).fit_transform(points)
numpy.save(${JSON.stringify(out('python'))}, layout)`,
  );
  for (const name of ['cli', 'python']) {
    const rows = bitsOf(out(name));
    assert.equal(rows.length, 2 * n);
    let differ = 0;
    for (let position = 0; position < n; ++position) {
      for (const component of [0, 1]) {
        if (layout[component * n + position] !== rows[2 * order[position] + component]) differ += 1;
      }
    }
    assert.equal(differ, 0, `${name}: ${differ} of ${2 * n} numbers differ`);
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a reload joins a computation under way; another tab shows where it is', async () => {
  const { web } = clusters();
  const page = await newPage(browser);
  await page.goto(server.open(`${pathOf(web)}?method=tsne&n_iterations=5000`));
  await allDrawn(page, { total: 8000 });
  await button(page, 'Run').click();
  await isPlacedBy(page, 'tsne');
  await page.reload();
  await isIn(page, 'running');
  await isPlacedBy(page, 'tsne');
  const first = await places(page);
  await page.waitForTimeout(700);
  assert.ok(way(first, await places(page)) > 0.5, 'frames go on after the reload');
  await tab(page, 'PCA').click();
  await isPlacedBy(page, 'pca');
  assert.match(await strip(page).innerText(), /t-SNE/);
  await strip(page).getByRole('button', { name: 'Show' }).click();
  await isPlacedBy(page, 'tsne');
  await page.waitForURL(/method=tsne/);
  await strip(page).getByRole('button', { name: 'Stop' }).click();
  await isIn(page, 'stopped');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('the tabs and the form are worked by keyboard, and a value out of range is said', async () => {
  const { web } = clusters();
  const page = await newPage(browser, { reducedMotion: 'reduce' });
  await page.goto(server.open(`${pathOf(web)}?view=2d&renderer=cpu`));
  await allDrawn(page, { total: 8000 });
  await tab(page, 'PCA').focus();
  await page.keyboard.press('ArrowRight');
  await selected(page, 't-SNE').waitFor();
  await page.keyboard.press('End');
  await selected(page, 'UMAP').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.type('999');
  await page.getByText('Between 2 and 200.').waitFor();
  assert.ok(await button(page, 'Run').isDisabled());
  await page.keyboard.press('Control+A');
  await page.keyboard.type('20');
  await button(page, 'More options').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('spinbutton', { name: 'Epochs' }).fill('30');
  await button(page, 'Run').focus();
  await page.keyboard.press('Enter');
  await isIn(page, 'done');
  await isPlacedBy(page, 'umap');
  await page.waitForURL(/n_neighbors=20&n_epochs=30/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('other options run again; those from before are shown at once; back undoes', async () => {
  const { web } = clusters();
  const page = await newPage(browser);
  await page.goto(server.open(`${pathOf(web)}?view=2d&method=umap&n_epochs=40`));
  await allDrawn(page, { total: 8000 });
  await button(page, 'Run').click();
  await isIn(page, 'done');
  await page.waitForTimeout(500);
  const one = await places(page);
  await page.getByRole('combobox', { name: 'Supervise by' }).selectOption('kind');
  await button(page, 'Run again').click();
  await page.waitForURL(/supervise_by=kind/);
  await isIn(page, 'done');
  await page.waitForTimeout(500);
  const other = await places(page);
  assert.ok(way(one, other) > 3, 'supervised, the points lie elsewhere');
  await page.getByRole('combobox', { name: 'Supervise by' }).selectOption({ label: 'No column' });
  await button(page, 'Show').click();
  await page.waitForTimeout(500);
  assert.ok(way(one, await places(page)) < 1, 'the kept layout is back');
  await page.goBack();
  await page.waitForURL(/supervise_by=kind/);
  await page.waitForTimeout(700);
  assert.ok(way(other, await places(page)) < 1, 'back undoes');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const skip = !existsSync(mnist) && 'mnist.npz is not here';
test('UMAP of MNIST from the page, in light and on a phone', { skip }, async () => {
  const printed = server.python('examples/mnist.py', '--mnist', mnist).split('\n').at(-1);
  const key = printed.match(/experiments\/(\w+)/)[1];
  const { assets } = await server.get(`/api/v1/experiments/${key}/assets?type=embeddings`);
  const address = `/experiments/${key}/projector/${assets[0].id}`;
  const page = await newPage(browser);
  await page.goto(server.open(`${address}?view=2d&theme=light`));
  await allDrawn(page, { total: 10_000 });
  await tab(page, 'UMAP').click();
  await button(page, 'More options').click();
  await page.getByRole('spinbutton', { name: 'Epochs' }).fill('100000'); // long enough to be stopped
  await button(page, 'Run').click();
  await isPlacedBy(page, 'umap');
  const first = await places(page);
  await page.waitForTimeout(700);
  assert.ok(way(first, await places(page)) > 0.5, 'the points move');
  await strip(page).getByRole('button', { name: 'Stop' }).click();
  await isIn(page, 'stopped');
  await page.waitForTimeout(1000);
  await keep('mnist-umap-stopped', page);
  await strip(page).getByRole('button', { name: 'Continue' }).click();
  await isIn(page, 'done', 180_000);
  await page.waitForTimeout(1000);
  await keep('mnist-umap-done', page);
  const query = new URL(page.url()).search;
  assert.deepEqual(page.faults, []);
  await page.context().close();

  const phone = await newPage(browser, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await phone.goto(server.open(`${address}${query}`));
  await allDrawn(phone, { total: 10_000 });
  assert.equal(await phone.locator('[data-placed-by]').getAttribute('data-placed-by'), 'umap');
  await phone.getByRole('button', { name: 'Settings panel' }).tap();
  await phone.getByRole('spinbutton', { name: 'Neighbours' }).waitFor();
  await keep('mnist-umap-phone', phone);
  assert.deepEqual(phone.faults, []);
  await phone.context().close();
});
