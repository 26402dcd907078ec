// SPDX-License-Identifier: Apache-2.0
// The whole path on real input: scripts log, a person clicks through to the points, the pixels are right.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Server, allDrawn, isNear, launch, newPage, pixels, root } from './harness.mjs';

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

const keep = (name, png) => writeFileSync(path.join(pictures, `${name}.png`), png);

/** Where the points are on the page: [{ row, x, y, visible }], in page pixels, in row order. */
const placesOf = (page) =>
  page.locator('oort-projector').evaluate(async (element) => {
    const { scene, api } = element;
    const [experiment, template] = ['experiment', 'template'].map((name) => element.getAttribute(name));
    const order = await api.order({ experiment, template, entry: 0 });
    const host = element.querySelector('canvas').getBoundingClientRect();
    return [...order]
      .map((row, position) => ({ row, position, ...scene.screenPosition(position) }))
      .map((place) => ({ ...place, x: place.x + host.x, y: place.y + host.y }))
      .sort((a, b) => a.row - b.row);
  });

const settle = (page) => page.waitForTimeout(600);

/** Logs through the script and goes to its newest template as a person would, by clicking. */
async function openByClicking(page, name) {
  await page.goto(server.open('/'));
  await page.getByRole('link', { name, exact: true }).first().click();
  await page.getByRole('navigation').getByRole('link', { name: /^Assets/ }).click();
  await page.getByRole('link', { name: 'Open', exact: true }).first().click();
}

async function openTemplate(page, address, query = '') {
  await page.goto(server.open(new URL(address).pathname + query));
}

const FOUR = `
import json
from oort import Experiment
experiment = Experiment()
experiment.set_name("four points with pictures")
vectors = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
labels = ["one", "two", "three", "four"]
image_data = [[[255, 0], [0, 0]], [[0, 255], [0, 0]], [[0, 0], [255, 0]], [[0, 0], [0, 255]]]
logged = experiment.log_embedding(vectors, labels, image_data, image_size=(2, 2))
experiment.end()
print(json.dumps(logged))
`;
let four;
const fourPoints = () => (four ??= JSON.parse(server.python('-c', FOUR).split('\n').at(-1)));

test('a person clicks through to four points', async () => {
  fourPoints();
  const page = await newPage(browser);
  await openByClicking(page, 'four points with pictures');
  await allDrawn(page, { total: 4, images: true });
  await settle(page);
  const places = await placesOf(page);
  assert.equal(places.length, 4);
  const picture = await pixels(page);
  keep('four-points-dark', picture.png);
  for (const { x, y, visible } of places) {
    assert.ok(visible);
    assert.ok(x > 280 && x < 1400 && y > 44 && y < 900, `a point at ${x}, ${y}`);
  }
  assert.match(await page.locator('oort-projector').innerText(), /4 points/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('the four points stand at the corners of a regular tetrahedron', async () => {
  const { web } = fourPoints();
  const [experiment, template] = [/experiments\/(\w+)/, /projector\/(\w+)/].map((at) => web.match(at)[1]);
  const base = `/api/v1/experiments/${experiment}/templates/${template}/entries/0`;
  const answer = await fetch(`${server.url}${base}/projections/pca/coordinates?components=0,1,2`, {
    headers: { Authorization: `Bearer ${server.token}` },
  });
  const numbers = new Float32Array(await answer.arrayBuffer());
  assert.equal(numbers.length, 12);
  for (let i = 0; i < 4; ++i) {
    for (let j = 0; j < i; ++j) {
      const distance = Math.hypot(...[0, 4, 8].map((block) => numbers[block + i] - numbers[block + j]));
      assert.ok(Math.abs(distance - Math.SQRT2) < 1e-5, `distance ${distance}`);
    }
  }
});

for (const renderer of ['gl', 'cpu']) {
  test(`the 2 x 2 pictures have their light in the right quadrant (${renderer})`, async () => {
    const { web } = fourPoints();
    const page = await newPage(browser);
    await openTemplate(page, web, `?renderer=${renderer}&view=2d&image_size=64&labels=off`);
    await allDrawn(page, { total: 4, images: true });
    await settle(page);
    assert.equal(await page.locator('[data-renderer]').first().getAttribute('data-renderer'), renderer);
    const picture = await pixels(page);
    keep(`four-pictures-${renderer}`, picture.png);
    const quadrants = [[-1, -1], [1, -1], [-1, 1], [1, 1]];
    // The projection of a tetrahedron to a plane may lay tiles over each other: judge those that are free.
    const places = await placesOf(page);
    let judged = 0;
    for (const { row, x, y } of places) {
      const others = places.filter((place) => place.row !== row);
      if (others.some((place) => Math.hypot(place.x - x, place.y - y) < 92)) continue;
      judged += 1;
      quadrants.forEach(([right, down], quadrant) => {
        const wanted = quadrant === row ? [255, 255, 255] : [0, 0, 0];
        const seen = picture.at(x + right * 14, y + down * 14);
        assert.ok(isNear(seen, wanted, 30), `row ${row}, quadrant ${quadrant}: ${seen}`);
      });
    }
    assert.ok(judged >= 2, `only ${judged} tiles stood free`);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test(`a drag turns the points and a hover shows the label (${renderer})`, async () => {
    const { web } = fourPoints();
    const page = await newPage(browser);
    await openTemplate(page, web, `?renderer=${renderer}&images=off`);
    await allDrawn(page, { total: 4 });
    await settle(page);
    const before = await placesOf(page);
    const middle = { x: 1400 / 2 + 140, y: 450 };
    await page.mouse.move(middle.x, middle.y);
    await page.mouse.down();
    await page.mouse.move(middle.x + 160, middle.y + 60, { steps: 8 });
    await page.mouse.up();
    await settle(page);
    const turned = await placesOf(page);
    const moved = turned.map(({ x, y }, i) => Math.hypot(x - before[i].x, y - before[i].y));
    assert.ok(Math.max(...moved) > 30, `the points moved by ${moved}`);
    // In front of all others, so that nothing else is hit.
    const { x, y, row } = turned.find((place) =>
      turned.every((other) => other === place || Math.hypot(other.x - place.x, other.y - place.y) > 30),
    );
    await page.mouse.move(x, y, { steps: 4 });
    const label = ['one', 'two', 'three', 'four'][row];
    await page.locator('.hover-card', { hasText: label }).waitFor({ timeout: 5000 });
    await page.mouse.click(x, y);
    await page.getByRole('article', { name: new RegExp(label) }).waitFor({ timeout: 5000 });
    await page.keyboard.press('Escape');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}

const COLOURS = [
  [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [128, 128, 0], [0, 128, 128],
  [128, 0, 128], [255, 0, 255], [255, 255, 255],
];

test('the MNIST example shows its ten colours', { skip: !existsSync(mnist) && 'mnist.npz is not here' }, async () => {
  const page = await newPage(browser);
  const printed = server.python('examples/mnist.py', '--mnist', mnist).split('\n').at(-1);
  const key = printed.match(/experiments\/(\w+)/)[1];
  const { assets } = await server.get(`/api/v1/experiments/${key}/assets?type=embeddings`);
  const address = `/experiments/${key}/projector/${assets[0].id}`;
  for (const query of ['', '?view=2d&renderer=cpu', '?renderer=gl', '?theme=light']) {
    await page.goto(server.open(address + query));
    await allDrawn(page, { total: 10_000, images: true });
    await settle(page);
    const picture = await pixels(page);
    keep(`mnist${query.replace(/\W+/g, '-')}`, picture.png);
    const found = COLOURS.map(() => 0);
    for (let y = 60; y < picture.height - 10; y += 1) {
      for (let x = 300; x < picture.width - 10; x += 1) {
        const seen = picture.at(x, y);
        const hit = COLOURS.findIndex((colour) => isNear(seen, colour, 24));
        if (hit >= 0) found[hit] += 1;
      }
    }
    found.forEach((n, i) => assert.ok(n > 40, `${query}: only ${n} pixels of digit ${i}'s ${COLOURS[i]}`));
  }
  const { columns } = await server.get(
    `/api/v1/experiments/${key}/templates/${assets[0].id}/entries/0/dataset`,
  );
  assert.equal(columns[0].n_values, 10);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const HOSTILE = `
import json
import numpy as np
from oort import Experiment
marks = ["<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "javascript:alert(3)",
         "\\u202egnp.exe", "{{7*7}}", "a\\tb\\nc\\"d", "\\u65e5\\u672c\\u8a9e", "x" * 5000]
experiment = Experiment(project_name=marks[0])
experiment.set_name(marks[1])
experiment.add_tag(marks[0])
experiment.log_parameter(marks[0], marks[1])
experiment.log_metric(marks[0], 1.0, step=1)
experiment.log_asset_data(marks[1], name="page.html")
vectors = np.eye(8)
logged = experiment.log_embedding(vectors, marks, title=marks[0], group=marks[1])
experiment.end()
print(json.dumps({"key": experiment.get_key(), **logged}))
`;

test('labels and names from outside are only ever text', async () => {
  const logged = JSON.parse(server.python('-c', HOSTILE).split('\n').at(-1));
  const page = await newPage(browser);
  await page.goto(server.open('/'));
  await page.getByText('</script><script>').first().waitFor();
  for (const tab of ['panels', 'assets', 'images', 'metrics', 'parameters', 'other']) {
    await page.goto(`${server.url}/experiments/${logged.key}/${tab}`);
    await page.getByRole('navigation').first().waitFor();
    await settle(page);
  }
  await page.goto(logged.web);
  await allDrawn(page, { total: 8 });
  for (const { x, y } of await placesOf(page)) {
    await page.mouse.move(x, y, { steps: 3 });
    await page.mouse.click(x, y);
  }
  await settle(page);
  assert.match(await page.locator('oort-projector').innerText(), /onerror/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const EPOCHS = `
import json
import numpy as np
from oort import Experiment
random = np.random.default_rng(0)
experiment = Experiment()
experiment.set_name("epochs")
centres = random.normal(size=(5, 16)) * 3
kinds = random.integers(0, 5, 2000)
for epoch in range(4):
    vectors = centres[kinds] * epoch / 3 + random.normal(size=(2000, 16))
    vectors[7] = np.nan
    experiment.log_metric("loss", 1 / (epoch + 1), step=epoch)
    logged = experiment.log_embedding(vectors, {"kind": [f"kind {k}" for k in kinds], "x": vectors[:, 0]},
                                      title="epoch-%s" % epoch, group="hidden-layer-1")
experiment.end()
print(json.dumps({"key": experiment.get_key(), **logged}))
`;

test('a group is one template whose entries are chosen by title, and what is left out is said', async () => {
  const logged = JSON.parse(server.python('-c', EPOCHS).split('\n').at(-1));
  const page = await newPage(browser);
  await page.goto(server.open(new URL(logged.web).pathname));
  await allDrawn(page, { total: 2000 });
  const entries = page.getByRole('combobox', { name: /^Entry/ });
  assert.deepEqual(
    (await entries.locator('option').allInnerTexts()).map((text) => text.trim()),
    ['epoch-0', 'epoch-1', 'epoch-2', 'epoch-3'],
  );
  await entries.selectOption({ label: 'epoch-3' });
  await settle(page);
  await allDrawn(page, { total: 2000 });
  keep('epochs', (await pixels(page)).png);
  assert.match(await page.locator('oort-projector').innerText(), /1 of 2000 rows hold NaN/);
  await page.waitForURL(/entry=3/);
  await page.reload();
  await allDrawn(page, { total: 2000 });
  assert.equal(await entries.inputValue(), '3');
  // Each of ten components has its variance, and any may go on an axis.
  const variances = page.locator('[data-cell^="0-"]');
  assert.equal(await variances.count(), 10);
  await variances.nth(4).click();
  await settle(page);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('an Embedding Projector panel is added from the gallery and stays', async () => {
  const { web } = fourPoints();
  const key = web.match(/experiments\/(\w+)/)[1];
  const page = await newPage(browser);
  await page.goto(server.open(`/experiments/${key}/panels`));
  await page.getByRole('button', { name: /Add/ }).first().click();
  await page.getByRole('dialog').getByText('Embedding Projector').first().click();
  await allDrawn(page, { total: 4 });
  await settle(page);
  keep('panel', (await pixels(page)).png);
  await page.reload();
  await allDrawn(page, { total: 4 });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('without a code there is a sign-in page, and a code works once', async () => {
  const page = await newPage(browser);
  await page.goto(server.url);
  await page.getByRole('heading', { name: /Sign in/ }).waitFor();
  const address = server.open('/');
  await page.goto(address);
  await page.reload();
  await page.getByRole('heading', { name: /Sign in/ }).waitFor({ state: 'detached' });
  assert.ok(!page.url().includes('code='));
  const other = await newPage(browser);
  await other.goto(address);
  await other.getByRole('heading', { name: /Sign in/ }).waitFor();
  await other.getByLabel('API token').fill(server.token);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.getByRole('heading', { name: /Sign in/ }).waitFor({ state: 'detached' });
  await page.context().close();
  await other.context().close();
});

test('the pages stand on a small screen and in the light theme', async () => {
  const { web } = fourPoints();
  const page = await newPage(browser, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await page.addInitScript(() => localStorage.setItem('oort-theme', 'light'));
  await page.goto(server.open('/'));
  await page.getByRole('link', { name: 'four points with pictures', exact: true }).first().waitFor();
  await settle(page);
  keep('home-phone-light', (await pixels(page)).png);
  await page.goto(web);
  await allDrawn(page, { total: 4 });
  await settle(page);
  keep('projector-phone-light', (await pixels(page)).png);
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'light');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px too wide`);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const SMALL = `
import json
from oort import Experiment
with Experiment(name="small ones") as experiment:
    sizes = {"one": [[1, 2, 3]], "two": [[1, 2], [3, 4]], "line": [[1], [2], [4]],
             "equal": [[1, 1, 1, 1]] * 5, "nowhere": [[float("nan")] * 4] * 10}
    logged = {name: experiment.log_embedding(rows, None, title=name) for name, rows in sizes.items()}
print(json.dumps({name: {"web": one["web"], "total": len(sizes[name])} for name, one in logged.items()}))
`;

test('one point, one dimension and vectors of nothing but NaN are shown without a fault', async () => {
  const logged = JSON.parse(server.python('-c', SMALL).split('\n').at(-1));
  const page = await newPage(browser);
  for (const [name, { web, total }] of Object.entries(logged)) {
    await openTemplate(page, web);
    if (name === 'nowhere') {
      await page.getByText('None of the 10 points has coordinates').waitFor();
      await page.getByText('drawn 0 of 10').waitFor();
      continue;
    }
    await allDrawn(page, { total });
    assert.match(await page.locator('oort-projector').innerText(), /drawn all/, name);
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('on a phone the projector leads back to its experiment, whose images show the sprite', async () => {
  const { web } = fourPoints();
  const page = await newPage(browser, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await openTemplate(page, web);
  await allDrawn(page, { total: 4 });
  await page.getByRole('link', { name: 'Back to four points with pictures' }).tap();
  await page.getByRole('heading', { name: 'four points with pictures' }).waitFor();
  await page.getByRole('link', { name: /^Images/ }).tap();
  const sprite = page.getByRole('img', { name: /^embedding-image-.*\.png$/ });
  await sprite.waitFor();
  await page.getByText('sprite', { exact: true }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
