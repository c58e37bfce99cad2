// Readers each see every message, at their own speed, by plain HTTP: node many-readers.mjs [address]
import { randomUUID } from 'node:crypto';

const service = (process.argv[2] ?? 'http://127.0.0.1:7071').replace(/\/$/, '');
const queue = '/v1.0/many-readers-js/news';
const readers = '/readers/many-readers-js/news/';

/** Sends a request; null if nothing is there. */
async function send(method, path, body) {
  const answer = await fetch(service + path, { method, body });
  if (answer.status === 404)
    return null;
  if (!answer.ok)
    throw new Error(await answer.text());
  return answer;
}

/** Reads behind the reader's cursor, which the service keeps, and moves it. */
async function read(name, count) {
  const place = await send('GET', readers + name) ? `reader=${name}` : '';
  const answer = await send('GET', `${queue}?limit=${count}&wait=20&${place}`);
  for (const message of await answer.json())
    console.log(`${name}: ${message.body}`);
  await send('PUT', readers + name, JSON.stringify({ after: answer.headers.get('Burrow-Marker') }));
}

await send('DELETE', queue);
for (const news of ['rain', 'sun'])
  await send('PUT', `${queue}/${randomUUID()}`, news);
await read('radio', 1);
await read('paper', 2);
await send('PUT', `${queue}/${randomUUID()}`, 'wind');
// Each goes on where it was, also after this program has ended.
await read('radio', 2);
await read('paper', 1);
await send('DELETE', `${readers}radio`);
await send('DELETE', `${readers}paper`);
