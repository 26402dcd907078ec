// SPDX-License-Identifier: Apache-2.0
// The pages around the projector, against a real server: what is logged appears, what is changed is kept,
// what is written by others stays text. Records are sent as the clients send them.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Server, launch, newPage } from './harness.mjs';

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const newId = () => randomBytes(16).toString('hex');

async function send(method, address, body, headers) {
  const answer = await fetch(server.url + address, {
    method,
    body,
    headers: { Authorization: `Bearer ${server.token}`, ...headers },
  });
  assert.equal(answer.status, 200, `${method} ${address}: ${await answer.clone().text()}`);
}

/** A client of a few lines: every call is on the server when it returns. */
class Writer {
  key = newId();
  writer = newId();
  first = 0;

  static async start(project, name) {
    const writer = new Writer();
    await writer.log({ kind: 'experiment', workspace: 'default', project, name });
    return writer;
  }

  async log(...records) {
    const at = Date.now();
    const body = {
      writer: this.writer,
      first: this.first,
      records: records.map((record) => ({ at, ...record })),
    };
    const json = { 'Content-Type': 'application/json' };
    await send('PUT', `/api/v1/experiments/${this.key}/records`, JSON.stringify(body), json);
    this.first += records.length;
  }

  metric(name, value, step, context = null) {
    return { kind: 'metric', name, value, step, epoch: null, context };
  }

  async asset(name, type, content_type, text) {
    const bytes = Buffer.from(text);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await send('PATCH', `/api/v1/blobs/${sha256}`, bytes, {
      'Content-Type': 'application/octet-stream',
      'Upload-Offset': '0',
      'Upload-Length': String(bytes.length),
    });
    const place = { step: null, epoch: null, context: null, group: null, metadata: null };
    const size = bytes.length;
    await this.log({ kind: 'asset', id: newId(), name, type, sha256, size, content_type, ...place });
  }
}

async function openPage(address, options) {
  const page = await newPage(browser, options);
  page.setDefaultTimeout(15_000);
  await page.goto(server.open(address));
  return page;
}

/** Ends a page and fails if a script failed on it or the Content-Security-Policy was broken. */
async function close(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

async function until(found) {
  for (let i = 0; i < 100; ++i) {
    const what = await found();
    if (what !== null) return what;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not come');
}

const panelMenu = async (page, title, item) => {
  const panel = page.getByRole('article', { name: title });
  await panel.getByRole('button', { name: `Panel ${title}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

async function addPanel(page, title) {
  await page.getByRole('button', { name: 'Add panel' }).click();
  await page.getByRole('dialog').getByText(title, { exact: true }).click();
  await page.getByRole('article', { name: title }).waitFor();
}

test('an empty server shows how to begin, and the first experiment appears by itself', async () => {
  const page = await openPage('/');
  await page.getByText('experiment.log_embedding').waitFor();
  assert.equal(new URL(page.url()).hash, '', 'the one-time code leaves the address');
  const first = await Writer.start('first-steps', 'the first one');
  await first.log({ kind: 'end' });
  await page.getByRole('link', { name: 'the first one' }).waitFor();
  await page.getByRole('columnheader', { name: 'Embeddings' }).waitFor();
  await close(page);
});

test('experiments are found, sorted and opened with the keyboard alone', async () => {
  for (const name of ['walk 10', 'walk 9', '<img src=x onerror=alert(1)>']) {
    await Writer.start('table', name);
  }
  const page = await openPage('/workspaces/default/projects/table');
  await page.getByRole('link', { name: '<img src=x onerror=alert(1)>' }).waitFor();
  const names = () => page.locator('tbody a.open').allInnerTexts();

  await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').press('Enter');
  assert.deepEqual(await names(), ['<img src=x onerror=alert(1)>', 'walk 9', 'walk 10']);
  await page.keyboard.press('/');
  await page.keyboard.type('WALK');
  await page.getByText('2 of 3 experiments').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'walk 10' }).waitFor();
  await page.goBack();
  await page.getByText('2 of 3 experiments').waitFor();
  await close(page);
});

test('an asset of others is shown as text and downloaded as it was', async () => {
  const writer = await Writer.start('assets', 'with assets');
  const markup = '<script>alert(1)</script><b>not bold</b>';
  await writer.asset('page.html', 'asset', 'text/html', markup);
  await writer.asset('labels.tsv', 'labels', 'text/tab-separated-values', 'name\tn\nü\t1\n<i>\t2\n');
  const page = await openPage(`/experiments/${writer.key}/assets`);

  await page.getByRole('button', { name: 'Preview page.html' }).click();
  const dialog = page.getByRole('dialog');
  assert.equal(await dialog.locator('pre').innerText(), markup);
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download' }).click();
  assert.equal((await download).suggestedFilename(), 'page.html');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Preview labels.tsv' }).click();
  await dialog.getByRole('cell').first().waitFor();
  assert.deepEqual(await dialog.getByRole('columnheader').allInnerTexts(), ['name', 'n']);
  assert.deepEqual(await dialog.getByRole('cell').allInnerTexts(), ['ü', '1', '<i>', '2']);
  await close(page);
});

test('curves grow while an experiment runs', async () => {
  const writer = await Writer.start('metrics', 'running');
  const points = Array.from({ length: 20 }, (_, i) => writer.metric('loss', 1 / (i + 1), i));
  await writer.log(...points, writer.metric('loss', 'NaN', 20));
  const page = await openPage(`/experiments/${writer.key}/metrics`);
  await page.getByText('Left out: 1 not finite').waitFor();
  await page.locator('.u-legend', { hasText: '0.05' }).waitFor();

  await writer.log(writer.metric('loss', 0.0321, 21), writer.metric('accuracy', 0.5, 21));
  await page.locator('.u-legend', { hasText: '0.0321' }).waitFor();
  await page.getByRole('heading', { name: 'accuracy' }).waitFor();
  await page.getByText('step 21', { exact: true }).waitFor();
  await page.getByText('Log scale').click();
  await page.waitForURL(/log=1/);
  await close(page);
});

test('panels are kept, and two people may change them at once', async () => {
  const writer = await Writer.start('panels', 'with panels');
  await writer.log(writer.metric('loss', 1, 1));
  const address = `/experiments/${writer.key}`;
  const page = await openPage(address);
  for (const title of ['Metric', 'Images', 'Notes']) await addPanel(page, title);
  await page.getByRole('textbox', { name: 'Notes' }).fill('Sevens and nines overlap.');
  await page.getByRole('article', { name: 'Images' }).getByRole('slider').press('ArrowRight');
  await panelMenu(page, 'Metric', 'Rename');
  await page.getByLabel('Title of the panel').fill('Loss');
  await page.keyboard.press('Enter');
  await panelMenu(page, 'Loss', 'Move later');
  const kept = await until(async () => {
    const { panels } = await server.get(`/api/v1${address}/panels`);
    const text = panels.find(({ kind }) => kind === 'notes')?.options.text;
    return text !== undefined && panels[1]?.title === 'Loss' ? panels : null;
  });
  assert.deepEqual(kept.map(({ title, width }) => [title, width]), [['Images', 2], ['Loss', 1], ['Notes', 1]]);

  const other = await openPage(address);
  const titles = () => other.locator('article > header h2').allInnerTexts();
  await other.getByRole('article', { name: 'Notes' }).waitFor();
  assert.deepEqual(await titles(), ['Images', 'Loss', 'Notes']);
  assert.equal(
    await other.getByRole('textbox', { name: 'Notes' }).inputValue(),
    'Sevens and nines overlap.',
  );
  const width = other.getByRole('article', { name: 'Images' }).getByRole('slider');
  assert.equal(await width.getAttribute('aria-valuenow'), '2');

  // Both pages hold the same revision now; the second to save reads again and keeps both changes.
  await panelMenu(page, 'Images', 'Remove');
  await page.getByText('2 panels').waitFor();
  await page.waitForTimeout(300);
  await panelMenu(other, 'Notes', 'Remove');
  await other.getByText('1 panel', { exact: true }).waitFor();
  await other.getByRole('button', { name: 'Undo' }).click();
  await other.getByText('2 panels').waitFor();
  other.faults = other.faults.filter((fault) => !fault.includes('409')); // Chromium reports each
  await close(other);
  await close(page);
});

test('a session that ends leads to the sign-in page and back', async () => {
  const writer = await Writer.start('session', 'behind the door');
  const page = await openPage(`/experiments/${writer.key}/parameters`);
  await page.getByRole('heading', { name: 'behind the door' }).waitFor();
  const tab = await page.context().newPage();
  await tab.goto(`${server.url}/experiments/${writer.key}`);
  await tab.getByRole('heading', { name: 'behind the door' }).waitFor(); // from the tab beside it
  await tab.close();

  const refusal = { error: { code: 'unauthenticated', message: 'the session is over' } };
  await page.route('**/api/**', (route) =>
    route.fulfill({ status: 401, contentType: 'application/json', body: JSON.stringify(refusal) }),
  );
  await page.getByRole('heading', { name: /Sign in/ }).waitFor();
  await page.unroute('**/api/**');
  await page.getByLabel('API token').fill('oort_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('API token').fill(server.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'behind the door' }).waitFor();
  await page.context().close();
});
