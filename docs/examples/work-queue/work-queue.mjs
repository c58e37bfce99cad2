// Workers share the messages of a queue, by plain HTTP: node work-queue.mjs [address]
import { randomUUID } from 'node:crypto';

const queue = `${(process.argv[2] ?? 'http://127.0.0.1:7071').replace(/\/$/, '')}/v1.0/work-queue-js/orders`;
const baked = [];

/** Sends a request; null if nothing is there, or the claim is lost. */
async function send(method, path, body, headers = {}) {
  const answer = await fetch(queue + path, { method, body, headers });
  if (answer.status === 404 || answer.status === 412)
    return null;
  if (!answer.ok)
    throw new Error(await answer.text());
  return answer;
}

async function work() {
  // A claim hides a message for a minute. If this worker dies, the message is back after that.
  for (let claimed; (claimed = await send('POST', '?limit=1&hide=60&wait=1&detail=full'));) {
    for (const message of await claimed.json()) {
      baked.push(`baked ${message.body}`);
      // With its receipt, a worker that was too slow does not delete the next one's message.
      await send('DELETE', `/${encodeURIComponent(message.id)}`, undefined, { 'If-Match': message.etag });
    }
  }
}

for (let i = 1; i <= 10; i++)
  // If-None-Match: a put that is sent again after a lost answer does not put twice.
  await send('PUT', `/${randomUUID()}`, `pizza ${String(i).padStart(2, '0')}`, { 'If-None-Match': '*' });
await Promise.all([work(), work(), work(), work()]);
console.log(baked.sort().join('\n'));
