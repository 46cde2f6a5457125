import { leavesFolder, linkLeavesFolder } from '../inspection/check-member-name.ts';
import { type Inspecting, toDetail } from '../inspection/report.ts';
import { hasDescriptor, isEncrypted, type LocatedEntry } from './locate-entry.ts';
import type { ZipDirectory, ZipEntry } from './read-directory.ts';

type Find = Inspecting['find'];

const LINK_MODE = 0xa000;
const TYPE_MASK = 0xf000;
const REGULAR_MODE = 0x8000;
const FOLDER_MODE = 0x4000;
/** What deflate can do at most is 1032 to 1; weights come to 2, rows of zeros are small. */
const MAX_RATIO = 200;
const BOMB_BYTES = 16 * 1024 * 1024;
/** The 64-bit form with its signature. */
const DESCRIPTOR_BYTES = 24;

export const isLink = ({ unixMode }: ZipEntry): boolean => (unixMode & TYPE_MASK) === LINK_MODE;
export const isFolder = ({ name }: ZipEntry): boolean => name.endsWith('/');

/** What the directory alone shows of one entry. */
export function checkEntry(entry: ZipEntry, find: Find): void {
  const { name, packedBytes, sizeBytes, unixMode } = entry;
  if (leavesFolder(name)) find('archive_path_escapes', toDetail(name));
  const type = unixMode & TYPE_MASK;
  if (type !== 0 && type !== LINK_MODE && type !== REGULAR_MODE && type !== FOLDER_MODE) find('archive_device', toDetail(name));
  if (isEncrypted(entry)) find('archive_encrypted', toDetail(name));
  if (sizeBytes > BOMB_BYTES && sizeBytes > MAX_RATIO * packedBytes)
    find('archive_bomb', `${toDetail(name)}: ${sizeBytes} bytes from ${packedBytes}`);
}

/** A link's target is what is in it. */
export function checkLink(name: string, target: string, find: Find): void {
  const detail = toDetail(`${name} → ${target}`);
  find(linkLeavesFolder(name, target) ? 'archive_link_escapes' : 'archive_link', detail);
}

/** Whether entries lie one after the other, share nothing, and leave nothing that no reader of the directory sees. */
export function checkPlaces(located: readonly LocatedEntry[], directory: ZipDirectory, find: Find): void {
  if (directory.prefixBytes > 0) find('archive_hidden_data', `${directory.prefixBytes} bytes at 0`);
  if (directory.claimed !== directory.entries.length)
    find('archive_headers_disagree', `${directory.claimed} entries are claimed, ${directory.entries.length} are there`);
  let end = directory.prefixBytes;
  let slack = 0;
  const places = located.toSorted((a, b) => a.entry.at - b.entry.at);
  for (const { entry, end: next } of places) {
    if (entry.at < end) find('archive_entries_overlap', toDetail(entry.name));
    else if (entry.at > end + slack) find('archive_hidden_data', `${entry.at - end} bytes at ${end}`);
    end = Math.max(end, next);
    slack = hasDescriptor(entry) ? DESCRIPTOR_BYTES : 0;
  }
  if (end > directory.start) find('archive_entries_overlap', `the directory at ${directory.start}`);
  else if (directory.start > end + slack) find('archive_hidden_data', `${directory.start - end} bytes at ${end}`);
}
