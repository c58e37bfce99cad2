// Uses the console and the API reference of a local process as a person would, in Chromium.
//   node console.mjs {address} {chromium} {operation}
// {operation} is the summary of an operation of /openapi.json that the API reference must show.
// BURROW_SCREENSHOTS: a folder for pictures of the pages. Ends with 1, and says why, if anything isn't as it should be.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [address, executablePath, operation] = process.argv.slice(2);
const origin = new URL(address).origin;
const screenshots = process.env.BURROW_SCREENSHOTS;
const account = 'shop', queue = 'orders/é?#%', hostileQueue = 'hostile';
const hostile = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 2</script><a href="javascript:window.hacked = 3">x</a>';
const problems = [];

// A webhook that refuses an event once and then takes it.
const refused = new Set();
const webhook = createServer((request, response) => {
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk)).on('end', () => {
    if (request.method === 'OPTIONS') {
      response.setHeader('WebHook-Allowed-Origin', request.headers['webhook-request-origin']);
    } else {
      const { id } = JSON.parse(Buffer.concat(chunks));
      response.statusCode = refused.has(id) ? 200 : 503;
      refused.add(id);
    }

    response.end();
  });
});
await new Promise(resolve => webhook.listen(0, '127.0.0.1', resolve));

const profile = await mkdtemp(join(tmpdir(), 'burrow-browser-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1280, height: 900 },
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
});
context.setDefaultTimeout(30_000);
context.on('request', request => {
  const url = new URL(request.url());
  if (url.origin !== origin && !['data:', 'blob:'].includes(url.protocol))
    problems.push(`A request left for ${request.url()}`);
});

/** A page of the process; whatever goes wrong in it is a problem. */
async function open(path) {
  const page = await context.newPage();
  page.on('pageerror', error => problems.push(`${path}: ${error}`));
  page.on('console', message => {
    // The browser reports each answer that says there is nothing there, or that a condition failed.
    const isAnswer = /^Failed to load resource: .* (404|412) /.test(message.text()) && /^\/(v1\.0|dead|groups|policies|relays|stats|subscriptions)(\/|$)/.test(new URL(message.location().url).pathname);
    if (['error', 'warning'].includes(message.type()) && !isAnswer)
      problems.push(`${path}: ${message.text()} (${message.location().url})`);
  });
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener('securitypolicyviolation', event => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(address.replace(/\/$/, '') + path);
  return page;
}

async function withoutViolation(page) {
  assert.deepEqual(await page.evaluate(() => window.violations), []);
}

async function picture(page, name) {
  if (!screenshots)
    return;
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}.png`), fullPage: name !== 'docs' });
  }
}

const table = (page, name) => page.getByRole('table', { name });
const row = (page, name, text) => table(page, name).getByRole('row').filter({ hasText: text });
const visible = locator => locator.first().waitFor();
const gone = locator => locator.first().waitFor({ state: 'detached' });

async function openQueue(page, name) {
  await page.getByRole('navigation').getByRole('link', { name: account }).click();
  await page.getByLabel('Queue', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Open queue' }).click();
  await visible(page.getByRole('heading', { name: 'Messages' }));
}

async function put(page, id, body, options = {}) {
  const form = page.getByRole('region', { name: 'Put' });
  await form.getByLabel('Id', { exact: true }).fill(id);
  await form.getByLabel('Body').fill(body);
  await form.getByLabel('TTL').fill(options.ttl ?? '0');
  await form.getByLabel('Hide').fill(options.hide ?? '');
  await form.getByLabel('Content type').fill(options.type ?? '');
  await form.getByRole('button', { name: 'Put message' }).click();
  await visible(form.getByText(`Put ${id}.`));
}

/** Opens an account and subscribes to it. */
async function subscribe(page) {
  await page.getByLabel('Account', { exact: true }).fill(account);
  await page.getByRole('button', { name: 'Open account' }).click();
  const form = page.getByRole('region', { name: 'Subscriptions' });
  await form.getByLabel('Name', { exact: true }).fill('hook');
  await form.getByLabel('Endpoint').fill(`http://127.0.0.1:${webhook.address().port}/hook`);
  await form.getByRole('button', { name: 'Subscribe' }).click();
  await visible(row(page, 'Subscriptions', 'hook').getByRole('cell', { name: 'active' }));
}

/** Put, seen by the tail, claim, extend, release, delete. */
async function work(page) {
  await openQueue(page, queue);
  await put(page, 'before', 'put before anybody followed');
  const tail = page.getByRole('region', { name: 'Tail' });
  await tail.getByRole('button', { name: 'Follow' }).click();
  await visible(tail.getByText('Following; nothing yet.'));
  for (const id of ['a/1', 'b?2', 'c#3 é'])
    await put(page, id, `body of ${id}`);
  await visible(row(page, 'Tail', 'body of c#3 é'));
  assert.deepEqual(await table(page, 'Tail').getByRole('rowheader').allTextContents(), ['a/1', 'b?2', 'c#3 é']);
  await visible(row(page, 'Messages', 'body of b?2'));

  const claim = page.getByRole('region', { name: 'Claim', exact: true });
  await claim.getByLabel('Limit').fill('2');
  await claim.getByRole('button', { name: 'Claim messages' }).click();
  await visible(claim.getByText('Claimed 2.'));
  await visible(row(page, 'Messages', 'body of a/1').getByText('hidden, '));
  await picture(page, 'queue');
  const held = row(page, 'Claimed', 'body of a/1');
  const receipt = (await held.getByRole('cell').nth(2).textContent());
  assert.match(receipt, /^".+"$/);
  await claim.getByLabel('Hide for').fill('120');
  await held.getByRole('button', { name: 'Extend claim of message a/1' }).click();
  await visible(claim.getByText('Extended a/1.'));
  assert.notEqual(await held.getByRole('cell').nth(2).textContent(), receipt);
  await visible(row(page, 'Messages', 'body of a/1').getByText('hidden, 1 min'));
  await row(page, 'Claimed', 'before').getByRole('button', { name: 'Release claimed message before' }).click();
  await gone(row(page, 'Claimed', 'before'));
  await visible(row(page, 'Messages', 'before').getByText('visible'));
  await held.getByRole('button', { name: 'Done claimed message a/1' }).click();
  await gone(row(page, 'Messages', 'body of a/1'));

  // A reload keeps the place.
  await page.reload();
  await visible(row(page, 'Messages', 'body of b?2'));
  const remove = row(page, 'Messages', 'body of b?2').getByRole('button', { name: 'Delete message b?2' });
  await remove.focus();
  await page.keyboard.press('Enter');
  await gone(row(page, 'Messages', 'body of b?2'));
  for (const id of ['before', 'c#3 é']) {
    await page.getByRole('button', { name: `Delete message ${id}` }).click();
    await gone(row(page, 'Messages', id));
  }

  await withoutViolation(page);
}

/** Messages of a group, of which one is ready and the other waits. */
async function order(page) {
  await openQueue(page, 'grouped');
  await page.getByRole('region', { name: 'Put' }).getByLabel('Group').fill('customer <7>');
  for (const id of ['one', 'two'])
    await put(page, id, `body of ${id}`);
  // The page asks for groups and for messages at the same time, and either answer may come first.
  await visible(row(page, 'Groups', 'customer <7>').getByRole('cell', { name: '1', exact: true }).nth(1));
  assert.deepEqual(await row(page, 'Groups', 'customer <7>').getByRole('cell').allTextContents(), ['1', '1', '0', '']);
  await visible(row(page, 'Messages', 'body of two').getByText('group customer <7>'));
  await picture(page, 'groups');
  const claim = page.getByRole('region', { name: 'Claim', exact: true });
  await claim.getByLabel('Limit').fill('2');
  await claim.getByRole('button', { name: 'Claim messages' }).click();
  await visible(claim.getByText('Claimed 1.'));
  await page.getByRole('button', { name: 'Done claimed message one' }).click();
  await gone(row(page, 'Messages', 'body of one'));
  await page.getByRole('button', { name: 'Delete message two' }).click();
  await gone(row(page, 'Messages', 'body of two'));
  await gone(page.getByRole('region', { name: 'Groups' }));
}

/** A policy, messages that die by it, what is said of them, their way back and their end. */
async function die(page) {
  await page.getByRole('navigation').getByRole('link', { name: account }).click();
  const form = page.getByRole('region', { name: 'Policies' });
  await form.getByLabel('Name', { exact: true }).fill('once');
  await form.getByLabel('Queues').fill('poisoned*');
  await form.getByLabel('Max deliveries').fill('1');
  await form.getByLabel('Retry delays').fill('10 60');
  await form.getByRole('button', { name: 'Set policy' }).click();
  await visible(row(page, 'Policies', 'once').getByRole('cell', { name: '10 s, 1 min 0 s' }));
  await page.getByRole('button', { name: 'Pause policy once' }).click();
  await visible(row(page, 'Policies', 'once').getByRole('cell', { name: 'paused' }));
  // A typing error is refused, and a change leaves alone what the form does not name.
  await form.getByLabel('Max deliveries').fill('2x');
  await form.getByRole('button', { name: 'Set policy' }).click();
  await visible(page.getByRole('alert').getByText('maxDeliveries is a whole number'));
  problems.splice(0).forEach(problem => assert.match(problem, /400 \(Bad Request\)/));
  await form.getByLabel('Max deliveries').fill('1');
  await form.getByLabel('Retry delays').fill('');
  await form.getByLabel('Dead kept for').fill('3600');
  await form.getByRole('button', { name: 'Set policy' }).click();
  await visible(row(page, 'Policies', 'once').getByRole('cell', { name: '1 h 0 min' }));
  await visible(row(page, 'Policies', 'once').getByRole('cell', { name: '10 s, 1 min 0 s' }));
  await visible(row(page, 'Policies', 'once').getByRole('cell', { name: 'paused' }));

  await openQueue(page, 'poisoned');
  const claim = page.getByRole('region', { name: 'Claim', exact: true });
  const put9 = page.getByRole('region', { name: 'Put' }).getByLabel('Priority');
  await put(page, 'low', 'a low one');
  await put9.fill('9');
  await put(page, 'high', 'a high one');
  await claim.getByRole('button', { name: 'Claim messages' }).click();
  await visible(claim.getByText('The queue is paused.'));
  await page.getByRole('navigation').getByRole('link', { name: account }).click();
  await page.getByRole('button', { name: 'Resume policy once' }).click();
  await visible(row(page, 'Policies', 'once').getByRole('cell', { name: 'active' }));

  await openQueue(page, 'poisoned');
  await claim.getByLabel('Cause of a failure').fill('no <paper>');
  await claim.getByRole('button', { name: 'Claim messages' }).click();
  await visible(row(page, 'Claimed', 'a high one'));
  await page.getByRole('button', { name: 'Fail claimed message high' }).click();
  await visible(row(page, 'Dead', 'a high one').getByText('no <paper>'));
  await claim.getByRole('button', { name: 'Claim messages' }).click();
  await page.getByRole('button', { name: 'Dead claimed message low' }).click();
  await visible(row(page, 'Dead', 'a low one'));
  assert.deepEqual(await table(page, 'Dead').getByRole('rowheader').allTextContents(), ['low', 'high']);
  await picture(page, 'dead');
  await page.getByRole('button', { name: 'Redrive dead message high' }).click();
  await visible(row(page, 'Messages', 'a high one'));
  await gone(row(page, 'Dead', 'a high one'));
  await page.getByRole('button', { name: 'Redrive all' }).click();
  await visible(row(page, 'Messages', 'a low one'));
  await claim.getByLabel('Limit').fill('2');
  await claim.getByRole('button', { name: 'Claim messages' }).click();
  for (const id of ['high', 'low'])
    await page.getByRole('button', { name: `Fail claimed message ${id}` }).click();
  await page.getByRole('button', { name: 'Purge dead message high' }).click();
  await gone(row(page, 'Dead', 'a high one'));
  page.once('dialog', dialog => dialog.accept());
  await page.getByRole('button', { name: 'Purge all' }).click();
  await gone(row(page, 'Dead', 'a low one'));
  await page.getByRole('navigation').getByRole('link', { name: account }).click();
  await picture(page, 'policies');
  await page.getByRole('button', { name: 'Delete policy once' }).click();
  await gone(row(page, 'Policies', 'once'));
  await withoutViolation(page);
}

/** A body, an id and a type that try to run something stay text, wherever they are shown. */
async function beHostile(page) {
  await openQueue(page, hostileQueue);
  await page.getByLabel('from the start').check();
  await page.getByRole('button', { name: 'Follow' }).click();
  await put(page, '<script>window.hacked = 4</script>', hostile, { type: 'text/html' });
  await put(page, 'long', hostile + 'x'.repeat(100_000), { type: 'text/html' });
  await visible(row(page, 'Tail', 'long'));
  await visible(row(page, 'Messages', 'window.hacked = 4'));
  await page.getByRole('button', { name: 'Claim messages' }).click();
  await visible(row(page, 'Claimed', 'window.hacked = 4'));
  for (const name of ['Messages', 'Tail'])
    await row(page, name, 'long').locator('summary').click();
  await picture(page, 'hostile');
  for (const name of ['Messages', 'Tail', 'Claimed'])
    assert.equal(await table(page, name).locator('img, script, td a').count(), 0);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  // Nor would it if the page were wrong about it: its policy refuses what isn't its own.
  await withoutViolation(page);
  const refusedTo = await page.evaluate(html => {
    try {
      document.body.insertAdjacentHTML('beforeend', html);
      return 'nothing';
    } catch (e) {
      return e.name;
    }
  }, hostile);
  assert.equal(refusedTo, 'TypeError');
  assert.match((await page.evaluate(() => window.violations.splice(0)))[0], /^require-trusted-types-for/);
  const expected = problems.splice(0);
  assert.ok(expected.length > 0 && expected.every(problem => /TrustedHTML/.test(problem)), expected.join('\n'));
}

/** What the webhook was sent is told. */
async function deliver(page) {
  await page.getByRole('navigation').getByRole('link', { name: account }).click();
  const attempts = row(page, 'Delivery attempts', `${hostileQueue} / long`);
  await visible(attempts.filter({ hasText: '503' }).filter({ hasText: 'Busy' }));
  await visible(attempts.filter({ hasText: '200' }).filter({ hasText: 'Success' }));
  await visible(row(page, 'Queues', hostileQueue));
  await picture(page, 'account');
  await withoutViolation(page);
}

/** A mistake is named; a name that browsers would resolve goes nowhere. */
async function misuse(page) {
  await openQueue(page, hostileQueue);
  const form = page.getByRole('region', { name: 'Put' });
  await form.getByLabel('TTL').fill('soon');
  await form.getByRole('button', { name: 'Put message' }).click();
  await visible(page.getByRole('alert').getByText('ttl is a whole number'));
  problems.splice(0).forEach(problem => assert.match(problem, /400 \(Bad Request\)/));
  await form.getByLabel('TTL').fill('');
  await form.getByLabel('Id', { exact: true }).fill('..');
  await form.getByRole('button', { name: 'Put message' }).click();
  await visible(page.getByRole('alert').getByText("'..' can't be a name."));
}

/** A queue that isn't there is empty. */
async function findNothing(page) {
  await openQueue(page, 'empty');
  await visible(page.getByText('There is no message here.'));
}

/** The API reference shows the operation. */
async function readReference() {
  const page = await open('/docs');
  await visible(page.getByText(operation, { exact: true }));
  await picture(page, 'docs');
  // A library in Scalar tries whether it may make functions of text, and does without.
  assert.deepEqual((await page.evaluate(() => window.violations)).filter(violation => violation !== 'script-src eval'), []);
  await page.close();
}

try {
  const page = await open('/console');
  await subscribe(page);
  await work(page);
  await die(page);
  await order(page);
  await beHostile(page);
  await deliver(page);
  await misuse(page);
  await findNothing(page);
  await page.close();
  await readReference();
  assert.deepEqual(problems, []);
  console.log('All is as it should be.');
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
  webhook.closeAllConnections();
  webhook.close();
}
