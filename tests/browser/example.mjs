// Uses the page of docs/examples/browser-stream: puts what it is told, and waits for one more message.
//   node example.mjs {address of the page} {chromium} {screenshot, or ''} {message}...
// Prints "put" when the page shows them, "again" when it says that it has lost the service, and at the end what it shows, as JSON.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [address, executablePath, screenshot, ...messages] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), 'burrow-browser-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await context.newPage();
  await page.goto(address);
  await page.getByText('Connected', { exact: true }).waitFor();
  for (const [i, message] of messages.entries()) {
    await page.getByRole('textbox', { name: 'Order' }).fill(message);
    await page.getByRole('button', { name: 'Put' }).click();
    await page.getByRole('listitem').nth(i).waitFor();
  }
  console.log('put');
  // The service is stopped and started meanwhile.
  await page.getByText('Connecting again').waitFor();
  console.log('again');
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.getByRole('listitem').nth(messages.length).waitFor();
  if (screenshot)
    await page.screenshot({ path: screenshot });
  console.log(JSON.stringify(await page.getByRole('listitem').allTextContents()));
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
