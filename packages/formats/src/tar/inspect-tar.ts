import type { Member } from '../archive/archive.ts';
import { checkNames } from '../archive/check-names.ts';
import { inspectMembers } from '../archive/inspect-members.ts';
import { leavesFolder, linkLeavesFolder } from '../inspection/check-member-name.ts';
import { type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import { type ByteSource, sliceSource } from '../source/byte-source.ts';
import { BLOCK_BYTES, hasHeaderChecksum } from './read-header.ts';
import { readMembers, type TarMember } from './read-members.ts';

export const looksLikeTar = (source: ByteSource): boolean =>
  source.sizeBytes >= BLOCK_BYTES && hasHeaderChecksum(source.read(0, BLOCK_BYTES));

const PIECE_BYTES = 1024 * 1024;

const isFile = ({ type }: TarMember) => type === '0' || type === '7';

function checkLink({ name, link, type }: TarMember, { find }: Inspecting): void {
  // a hard link names its target from the root of the archive
  const escapes = type === '1' ? leavesFolder(link) : linkLeavesFolder(name, link);
  find(escapes ? 'archive_link_escapes' : 'archive_link', toDetail(`${name} → ${link}`));
}

function checkMember(member: TarMember, inspecting: Inspecting): void {
  const { find } = inspecting;
  if (leavesFolder(member.name)) find('archive_path_escapes', toDetail(member.name));
  if (member.hasTwoSizes) find('archive_headers_disagree', toDetail(member.name));
  if (member.type === '1' || member.type === '2') checkLink(member, inspecting);
  else if ('346'.includes(member.type)) find('archive_device', toDetail(member.name));
  else if (!isFile(member) && member.type !== '5') find('archive_unknown_member', toDetail(`${member.name} (type ${member.type})`));
}

function checkRest(source: ByteSource, end: number, { find, budget }: Inspecting): void {
  for (let at = end; at < source.sizeBytes && budget.has('checkedBytes', PIECE_BYTES); at += PIECE_BYTES) {
    const piece = source.read(at, Math.min(PIECE_BYTES, source.sizeBytes - at));
    budget.spend('checkedBytes', piece.length);
    if (piece.every((byte) => byte === 0)) continue;
    find('trailing_data', `${source.sizeBytes - end} bytes`);
    return;
  }
}

/** Lists a tar and looks at what is in it. Nothing is written anywhere. */
export async function inspectTar(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const { members, end, problem } = readMembers(source, inspecting.budget);
  for (const member of members) checkMember(member, inspecting);
  if (problem) inspecting.find(problem.code, toDetail(problem.message));
  else checkRest(source, end, inspecting);
  const files = members.filter((member) => isFile(member));
  checkNames(
    members.filter(({ type }) => type !== '5').map(({ name }) => name),
    inspecting.find,
  );
  const opened = files.map(({ name, dataAt, sizeBytes }): Member => ({ name, open: () => sliceSource(source, dataAt, sizeBytes) }));
  return inspectMembers('tar', opened, inspecting);
}
