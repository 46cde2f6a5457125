import type { Inspecting } from '../inspection/report.ts';
import { toDetail } from '../inspection/report.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { readAttribute } from './read-attribute.ts';
import { type Child, readChildren } from './read-group.ts';
import { MESSAGE, type Message, readDimensions, readMessages } from './read-object.ts';

export interface SeenObjects {
  /** Names at the top. */
  readonly names: readonly string[];
  readonly datasets: readonly { readonly path: string; readonly elements: bigint }[];
  /** Texts on the root. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Datasets whose bytes lie in another file, and links to other files. */
  readonly external: readonly string[];
  /** What is in forms that are not read here. */
  readonly unknown: readonly string[];
}

const VIRTUAL_LAYOUT = 3;
const FIRST_USER_LINK = 64;
const MAX_LEVELS = 100;

/** A link's kind, where it says one: 1 is soft, 64 and above lead to other files. */
const linkKind = (data: Buffer) => (((data[1] ?? 0) & 8) !== 0 ? (data[2] ?? 0) : 0);

/** Follows all groups from the root; each object once, however many names it has. */
export function walkObjects(source: ByteSource, rootAt: number, { budget }: Inspecting): SeenObjects {
  const datasets: { path: string; elements: bigint }[] = [];
  const attributes = new Map<string, string>();
  const external: string[] = [];
  const unknown: string[] = [];
  const names: string[] = [];
  const visited = new Set<number>();

  function takeDataset(messages: readonly Message[], path: string): void {
    const layout = messages.find(({ type }) => type === MESSAGE.layout);
    const space = messages.find(({ type }) => type === MESSAGE.dataspace);
    if (layout === undefined || space === undefined) return;
    if (messages.some(({ type }) => type === MESSAGE.externalFiles)) external.push(path);
    if ((layout.data[0] ?? 0) >= 3 && layout.data[1] === VIRTUAL_LAYOUT) external.push(path);
    datasets.push({ path, elements: readDimensions(space.data).reduce((product, dimension) => product * dimension, 1n) });
  }

  function takeAttributes(messages: readonly Message[]): void {
    for (const { type, data } of messages) {
      if (type !== MESSAGE.attribute) continue;
      const { name, text } = readAttribute(source, data, budget);
      if (text !== undefined) attributes.set(name, text);
    }
  }

  function takeLinks(messages: readonly Message[], path: string): void {
    for (const { type, data } of messages) {
      if (type === MESSAGE.link && linkKind(data) >= FIRST_USER_LINK) external.push(path);
      if (type === MESSAGE.link || type === MESSAGE.linkInfo) unknown.push(`${path || '/'}: newer groups`);
    }
  }

  function takeChild(child: Child, path: string, level: number): void {
    if (level === 0) names.push(child.name);
    if (!child.isLink) takeObject(child.at, path === '' ? child.name : `${path}/${child.name}`, level + 1);
  }

  function takeObject(at: number, path: string, level: number): void {
    budget.spend('steps', 1);
    if (visited.has(at)) return;
    visited.add(at);
    const messages = readMessages(source, at, budget);
    if (messages === undefined || level > MAX_LEVELS) {
      unknown.push(`${toDetail(path)}: ${messages === undefined ? 'newer objects' : 'groups in groups'}`);
      return;
    }
    takeDataset(messages, path);
    takeLinks(messages, path);
    if (level === 0) takeAttributes(messages);
    const table = messages.find(({ type }) => type === MESSAGE.symbolTable);
    if (table) for (const child of readChildren(source, table.data, budget)) takeChild(child, path, level);
  }

  takeObject(rootAt, '', 0);
  return { names, datasets, attributes, external, unknown };
}
