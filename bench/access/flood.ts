/* Tries passwords from a thousand addresses of this machine, at a steady pace, until its parent ends. Started by login-flood.ts. */
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setPriority } from 'node:os';

const ADDRESSES = 1000;
const TICK_MS = 20;

const [target = '', rate = '200'] = process.argv.slice(2);
setPriority(19); // what is measured is the cluster, not the work of attacking it
const agent = new Agent({ keepAlive: false });
const answers: Record<string, number> = {};
let sent = 0;

const toAddress = (index: number) => `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}`;

/** One try: half of them for a name that exists. */
function attempt(url: URL): void {
  const index = sent++;
  const name = index % 2 === 0 ? 'ana' : `nobody-${index}`;
  const body = JSON.stringify({ name, password: `guess ${index}` });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const { hostname, port, pathname } = url;
  const asked = request(
    { hostname, port, path: pathname, method: 'POST', agent, headers, localAddress: toAddress(index % ADDRESSES) },
    (response) => {
      const status = String(response.statusCode);
      answers[status] = (answers[status] ?? 0) + 1;
      response.resume();
    },
  );
  asked.on('error', () => {
    answers['error'] = (answers['error'] ?? 0) + 1;
  });
  asked.end(body);
}

// the same tries at a door where nothing is behind: so calm and flood differ only in what the cluster has to do
const nowhere = createServer((incoming, response) => {
  incoming.resume();
  incoming.once('end', () => response.writeHead(429).end());
}).listen(0, '127.0.0.1');
await once(nowhere, 'listening');
let aim = new URL(`http://127.0.0.1:${(nowhere.address() as AddressInfo).port}/`);
const elsewhere = aim;

process.on('message', (wish: 'flood' | 'calm') => {
  const report = { ...answers };
  for (const status of Object.keys(answers)) delete answers[status];
  aim = wish === 'flood' ? new URL('/api/v1/sessions', target) : elsewhere;
  process.send?.(report);
});
process.on('disconnect', () => process.exit());
let due = 0;
setInterval(() => {
  for (due += (Number(rate) * TICK_MS) / 1000; due >= 1; due--) attempt(aim);
}, TICK_MS);
