// Follows a queue by the browser's own EventSource, until it has seen so many messages.
//   node stream.mjs {address} {chromium} {path} {count}
// Prints "open" each time that the stream begins, and at the end the ids that it saw, as JSON.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [address, executablePath, path, count] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), 'burrow-browser-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await context.newPage();
  await page.exposeFunction('opened', () => console.log('open'));
  await page.goto(`${address}console`);
  const ids = await page.evaluate(([path, count]) => new Promise(resolve => {
    const seen = [], source = new EventSource(path);
    source.onopen = () => window.opened();
    source.addEventListener('message', event => {
      seen.push(JSON.parse(event.data).id);
      if (seen.length >= count) {
        source.close();
        resolve(seen);
      }
    });
  }), [path, Number(count)]);
  console.log(JSON.stringify(ids));
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
