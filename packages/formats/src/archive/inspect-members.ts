import type { InspectedFormat, Inspection } from '@cluster-ai/contracts';
import { type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import type { ByteSource } from '../source/byte-source.ts';
import type { Member } from './archive.ts';

interface Seen {
  readonly name: string;
  readonly report: Report;
}

/** What kind of model an archive as a whole is; by what the loaders of that kind look for. */
type Kind = 'pytorch' | 'keras' | 'tensorflow' | undefined;

const lastPart = (name: string) => name.slice(name.lastIndexOf('/') + 1);
const folderOf = (name: string) => name.slice(0, name.lastIndexOf('/') + 1);

/** Beginnings of programs and libraries: ELF, Windows, macOS (both byte orders, and several in one), scripts, Java. */
const programStarts = ['7f454c46', '4d5a', 'cffaedfe', 'cefaedfe', 'feedfacf', 'feedface', 'cafebabe', '2321'];

function isProgram(source: ByteSource): boolean {
  const start = source.read(0, Math.min(4, source.sizeBytes)).toString('hex');
  return programStarts.some((known) => start.startsWith(known));
}

/** PyTorch looks for `data.pkl` and `version` in one folder. */
function findTorchFolder(names: readonly string[]): string | undefined {
  const all = new Set(names);
  const data = names.find(
    (name) => lastPart(name) === 'data.pkl' && (all.has(`${folderOf(name)}version`) || all.has(`${folderOf(name)}data/0`)),
  );
  return data === undefined ? undefined : folderOf(data);
}

/** Members that have no format of their own because their place says what they are. */
function isRawPlace(name: string, kind: Kind, torchFolder: string | undefined): boolean {
  if (kind === 'pytorch') return name.startsWith(`${torchFolder}data/`) || name.startsWith(`${torchFolder}.data/`);
  if (kind === 'tensorflow')
    return /(^|\/)(variables\/variables\.(index|data-\d+-of-\d+)|fingerprint\.pb|keras_metadata\.pb|assets(\.extra)?\/)/.test(name);
  return kind === 'keras' && name.endsWith('.h5');
}

const legacyTar = ['pickle', 'storages', 'tensors'];

function findKind(seen: readonly Seen[], torchFolder: string | undefined): Kind {
  const formats = new Set(seen.map(({ report }) => report.format));
  if (torchFolder !== undefined || legacyTar.every((name) => seen.some((member) => member.name === name))) return 'pytorch';
  if (formats.has('keras')) return 'keras';
  return formats.has('tensorflow') ? 'tensorflow' : undefined;
}

/** The count of the one part that says it: the object of PyTorch, Keras' weights, the graph; else of all models in the archive together. */
function countParameters(seen: readonly Seen[], kind: Kind, torchFolder: string | undefined): number | null {
  const main = seen.filter(({ name, report }) => {
    if (kind === 'pytorch' && torchFolder !== undefined) return name === `${torchFolder}data.pkl`;
    return kind === undefined || report.format === kind;
  });
  const counts = main.flatMap(({ report }) => report.parameterCount ?? []);
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

const MAX_LISTED = 20;

/** What the parts say that make the archive what it is. */
function readOwn(seen: readonly Seen[], kind: Kind): Inspection['metadata'] {
  const isOwn = ({ name, report }: Seen) => (kind === 'pytorch' ? lastPart(name) === 'data.pkl' : report.format === kind);
  return Object.assign({}, ...seen.filter(isOwn).map(({ report }) => report.metadata));
}

function toMetadata(seen: readonly Seen[], container: 'zip' | 'tar', kind: Kind): Inspection['metadata'] {
  const inner = seen.filter(({ report }) => report.format !== 'unknown');
  const listed = inner.slice(0, MAX_LISTED).map(({ name, report }) => `${toDetail(name)}: ${report.format}`);
  return { ...readOwn(seen, kind), container, members: seen.length, ...(listed.length > 0 && { contents: listed.join(', ') }) };
}

function toFormat(container: 'zip' | 'tar', kind: Kind): Pick<Report, 'format' | 'framework'> {
  if (kind === 'pytorch') return { format: 'pytorch', framework: 'pytorch' };
  if (kind === undefined) return { format: container as InspectedFormat, framework: 'other' };
  return { format: kind, framework: 'tensorflow' };
}

async function look(member: Member, inspecting: Inspecting): Promise<Seen> {
  const source = member.open();
  const unreadable: Report = { format: 'unknown', framework: 'other', parameterCount: null, metadata: {} };
  if (source === undefined || source.sizeBytes === 0) return { name: member.name, report: unreadable };
  if (isProgram(source)) inspecting.find('archive_program', toDetail(member.name));
  return { name: member.name, report: await inspecting.inside(source, member.name) };
}

/** Looks at every file of an archive by its content, and says what the archive is as a whole. */
export async function inspectMembers(container: 'zip' | 'tar', members: readonly Member[], inspecting: Inspecting): Promise<Report> {
  const seen: Seen[] = [];
  for (const member of members) {
    inspecting.budget.spend('steps', 1);
    seen.push(await look(member, inspecting));
  }
  const torchFolder = findTorchFolder(seen.map(({ name }) => name));
  const kind = findKind(seen, torchFolder);
  for (const { name, report } of seen) {
    if (report.doubt === undefined || isRawPlace(name, kind, torchFolder)) continue;
    if (report.doubt.code === 'unknown_format') inspecting.find('archive_unknown_member', toDetail(name));
    else inspecting.find(report.doubt.code, `${toDetail(name)}: ${report.doubt.detail}`);
  }
  const script = seen.find(({ name }) => kind === 'pytorch' && name.startsWith(`${torchFolder}code/`));
  if (script) inspecting.find('torchscript_code', toDetail(script.name));
  return {
    ...toFormat(container, kind),
    parameterCount: countParameters(seen, kind, torchFolder),
    metadata: toMetadata(seen, container, kind),
  };
}
