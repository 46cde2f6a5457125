import type { Member } from '../archive/archive.ts';
import { checkNames } from '../archive/check-names.ts';
import { inspectMembers } from '../archive/inspect-members.ts';
import { BrokenStructure, type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import { type ByteSource, isOutside } from '../source/byte-source.ts';
import { checkEntry, checkLink, checkPlaces, isFolder, isLink } from './check-entries.ts';
import { type LocatedEntry, locateEntry } from './locate-entry.ts';
import { openEntry } from './open-entry.ts';
import { findEnd, readDirectory, type ZipEntry } from './read-directory.ts';
import { readLocalEntries } from './read-local-entries.ts';

const MAX_LINK_BYTES = 4096;

/** Runs a step whose failure is told and does not keep the rest from being looked at. */
function attempt<T>(inspecting: Inspecting, step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (isOutside(error)) inspecting.find('broken_structure', error.message);
    else if (error instanceof BrokenStructure) inspecting.find(error.code, toDetail(error.message));
    else throw error;
    return undefined;
  }
}

function locate(source: ByteSource, entry: ZipEntry, inspecting: Inspecting): LocatedEntry[] {
  inspecting.budget.spend('steps', 1);
  checkEntry(entry, inspecting.find);
  const located = attempt(inspecting, () => locateEntry(source, entry));
  for (const difference of located?.differences ?? [])
    inspecting.find('archive_headers_disagree', toDetail(`${entry.name}: ${difference}`));
  return located ? [located] : [];
}

function readByDirectory(source: ByteSource, inspecting: Inspecting): readonly LocatedEntry[] | undefined {
  const endAt = findEnd(source);
  if (endAt === undefined) {
    inspecting.find('broken_structure', 'no directory at the end');
    return undefined;
  }
  const directory = attempt(inspecting, () => readDirectory(source, endAt, inspecting.budget));
  if (directory === undefined) return undefined;
  const located = directory.entries.flatMap((entry) => locate(source, entry, inspecting));
  checkPlaces(located, directory, inspecting.find);
  return located;
}

function toMember(source: ByteSource, located: LocatedEntry, inspecting: Inspecting): Member {
  return { name: located.entry.name, open: () => attempt(inspecting, () => openEntry(source, located, inspecting)) };
}

function tellLink(source: ByteSource, located: LocatedEntry, inspecting: Inspecting): void {
  const target = openEntry(source, located, inspecting);
  if (target === undefined) return;
  checkLink(located.entry.name, target.read(0, Math.min(target.sizeBytes, MAX_LINK_BYTES)).toString('utf8'), inspecting.find);
}

/**
 * Lists a zip by its directory, compares that with the header before each entry, and looks at what is in it. Where the directory is broken
 * the headers are followed from the front: a program that repairs it would find them as well.
 */
export async function inspectZip(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const located = readByDirectory(source, inspecting) ?? readLocalEntries(source, inspecting.budget);
  checkNames(
    located.map(({ entry }) => entry.name),
    inspecting.find,
  );
  for (const entry of located.filter(({ entry }) => isLink(entry))) attempt(inspecting, () => tellLink(source, entry, inspecting));
  const files = located.filter(({ entry }) => !isLink(entry) && !isFolder(entry));
  return inspectMembers(
    'zip',
    files.map((file) => toMember(source, file, inspecting)),
    inspecting,
  );
}
