// The process in which JavaScript of tasks runs: modules by digest, one call after the other, over lines of JSON with bytes after them.
// It is started without rights to files, processes or the network; what it prints goes to standard error, the worker reads the rest.
import { readSync, writeSync } from 'node:fs';

const MOST_CHARACTERS = 16_000;
const OUR_NAME = import.meta.url;
/** Exported functions of modules that were handed in before; a module cannot be unloaded, so the worker ends us after many. */
const modules = new Map();
const names = new Map();
let report = () => {};

process.stdout.write = process.stderr.write.bind(process.stderr); // the channel is ours
globalThis.clusterAi = Object.freeze({ progress: (fraction, message = '') => report(fraction, message) });

const piece = Buffer.allocUnsafe(256 * 1024);
let held = Buffer.alloc(0);

/** More bytes of the worker; without it nothing here has a purpose. */
function readMore() {
  const size = readSync(0, piece, 0, piece.length, null);
  if (size === 0) process.exit(0);
  return Buffer.from(piece.subarray(0, size));
}

function readLine() {
  for (;;) {
    const end = held.indexOf(10);
    if (end >= 0) {
      const line = held.toString('utf8', 0, end);
      held = held.subarray(end + 1);
      return line;
    }
    held = Buffer.concat([held, readMore()]);
  }
}

function readBytes(size) {
  const parts = [held];
  let have = held.length;
  while (have < size) {
    parts.push(readMore());
    have += parts.at(-1).length;
  }
  const all = Buffer.concat(parts);
  held = all.subarray(size);
  return all.toString('utf8', 0, size);
}

function write(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

const send = (message, bytes) => {
  write(Buffer.from(`${JSON.stringify(message)}\n`));
  if (bytes !== undefined) write(bytes);
};

/** What JSON does not know, as its nearest relative. */
function toKnown(_key, value) {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set || (ArrayBuffer.isView(value) && !(value instanceof DataView))) return [...value];
  return value;
}

async function load({ digest, source }) {
  let found = modules.get(digest);
  if (found === undefined) {
    const url = `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
    names.set(url, `bundle-${digest.slice(7, 15)}.mjs`);
    found = await import(url);
    modules.set(digest, found);
  }
  return found;
}

async function find({ bundle, export: name }) {
  const module = await load(bundle);
  if (typeof module[name] === 'function') return module[name];
  const functions = Object.keys(module).filter((key) => typeof module[key] === 'function');
  throw { kind: 'function_not_found', message: `The bundle exports no function "${name}" (there are: ${functions.join(', ') || 'none'}).` };
}

async function call(task) {
  const run = await find(task);
  if (task.items === null) return await run(...task.args);
  const results = [];
  for (const [index, item] of task.items.entries()) {
    try {
      results.push(await run(item, ...task.args));
    } catch (error) {
      throw { ...toFailure(error), message: `Item ${index}: ${toFailure(error).message}` };
    }
    report((index + 1) / task.items.length, `${index + 1} of ${task.items.length}`);
  }
  return results;
}

/** Whoever throws something else than an error has no stack. */
function toFailure(error) {
  if (error !== null && typeof error === 'object' && typeof error.kind === 'string' && !(error instanceof Error)) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'raised', message, traceback: error instanceof Error ? trim(String(error.stack)) : '' };
}

function trim(stack) {
  let text = stack;
  for (const [url, name] of names) text = text.replaceAll(url, name);
  const lines = text.split('\n').filter((line) => !line.includes(OUR_NAME) && !line.includes('node:internal'));
  return lines.join('\n').slice(0, MOST_CHARACTERS);
}

async function answer(header, task) {
  let last = Number.NEGATIVE_INFINITY;
  report = (fraction, message) => {
    const now = performance.now();
    if (now - last < 100 && fraction < 1) return;
    last = now;
    send({ type: 'progress', fraction: Number(fraction), message: String(message).slice(0, 500) });
  };
  try {
    const bytes = Buffer.from(JSON.stringify(await call(task), toKnown) ?? 'null');
    if (bytes.length > header.maxBytes) {
      const message = `The result has ${bytes.length} bytes, and ${header.maxBytes} are allowed.`;
      throw { kind: 'result_too_large', message, hint: 'Return less, or raise compute.resultMaxMiB.' };
    }
    writeSync(2, `\0${header.mark}\n`);
    send({ type: 'done', bytes: bytes.length }, bytes);
  } catch (error) {
    writeSync(2, `\0${header.mark}\n`);
    send({ type: 'failed', ...toFailure(error) });
  } finally {
    report = () => {};
  }
}

process.on('unhandledRejection', () => {}); // of a task that has ended: it had its chance to wait for it

for (;;) {
  const header = JSON.parse(readLine());
  await answer(header, JSON.parse(readBytes(header.bytes)));
}
