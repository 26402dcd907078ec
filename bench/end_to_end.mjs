// SPDX-License-Identifier: Apache-2.0
// From the call of log_embedding with 70,000 x 784 float32 and its sprite to the complete PCA picture in the
// browser: one number, with the moments on the way.
//
//   node bench/end_to_end.mjs [--mnist path/to/mnist.npz] [--runs 3] [--out file.json] [--picture file.png]
//
// Without --mnist the digits are random blobs of the same shape, and the output says so. The server, the client
// and the browser run on this machine and are all up before the clock starts; the digits are in memory.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { Server, allDrawn, launch, newPage, root } from '../tests/browser/harness.mjs';

const option = (name, fallback) => {
  const i = process.argv.indexOf(`--${name}`);
  return i < 0 ? fallback : process.argv[i + 1];
};
const mnist = option('mnist', '');
const nRuns = Number(option('runs', '3'));

/** One measurement in a fresh server and browser; milliseconds after the call of log_embedding. */
async function measure(picture) {
  const server = await Server.start();
  const browser = await launch();
  try {
    const page = await newPage(browser);
    await page.goto(server.open('/'));
    await page.getByRole('heading').first().waitFor();
    const client = spawn(
      path.join(root, '.venv/bin/python'),
      [path.join(root, 'bench/log_digits.py'), ...(mnist ? ['--mnist', mnist] : [])],
      { env: server.environment, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
    await lines.next();
    client.stdin.write('go\n');
    const start = performance.now();
    const address = JSON.parse((await lines.next()).value).web;
    const moments = { returned: performance.now() - start };
    await page.goto(address, { waitUntil: 'commit' });
    await allDrawn(page, { total: 70_000 });
    moments.points = performance.now() - start;
    await allDrawn(page, { total: 70_000, images: true });
    moments.pictures = performance.now() - start;
    moments.renderer = await page.locator('[data-renderer]').first().getAttribute('data-renderer');
    if (picture) {
      await page.waitForTimeout(1500);
      await page.screenshot({ path: picture });
    }
    client.stdin.end();
    return moments;
  } finally {
    await browser.close();
    await server.stop();
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const runs = [];
for (let i = 0; i < nRuns; ++i) {
  const moments = await measure(i === nRuns - 1 ? option('picture', '') : '');
  runs.push(moments);
  console.log(
    `run ${i + 1}: log_embedding returned ${moments.returned.toFixed(0)} ms, ` +
      `all points ${moments.points.toFixed(0)} ms, with pictures ${moments.pictures.toFixed(0)} ms`,
  );
}
const result = {
  data: mnist ? 'MNIST, 70,000 x 784' : 'random blobs, 70,000 x 784',
  cores: os.cpus().length,
  runs,
  returned_ms: median(runs.map((run) => run.returned)),
  points_ms: median(runs.map((run) => run.points)),
  pictures_ms: median(runs.map((run) => run.pictures)),
};
console.log(
  `median of ${nRuns} (${result.data}): returned ${result.returned_ms.toFixed(0)} ms, ` +
    `all points ${result.points_ms.toFixed(0)} ms, with pictures ${result.pictures_ms.toFixed(0)} ms`,
);
if (option('out', '')) writeFileSync(option('out', ''), JSON.stringify(result, null, 2) + '\n');
