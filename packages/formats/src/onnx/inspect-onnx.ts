import type { Inspection } from '@cluster-ai/contracts';
import type { Budget } from '../inspection/budget.ts';
import { type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import { looksLikeMessage } from '../protobuf/looks-like-message.ts';
import { readFields, toText } from '../protobuf/read-fields.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { readEntry } from './read-tensor.ts';
import { createGraphWalk } from './walk-graph.ts';

/** Fields of ModelProto, OperatorSetIdProto and FunctionProto in onnx.proto. */
const MODEL = {
  ir: 1,
  producer: 2,
  producerVersion: 3,
  domain: 4,
  version: 5,
  description: 6,
  graph: 7,
  operators: 8,
  properties: 14,
  functions: 25,
} as const;
const FUNCTION = { node: 7, domain: 10 } as const;
const MAX_PROPERTIES = 50;

const shape = new Map<number, 'varint' | 'part'>([
  [MODEL.ir, 'varint'],
  [MODEL.producer, 'part'],
  [MODEL.producerVersion, 'part'],
  [MODEL.domain, 'part'],
  [MODEL.version, 'varint'],
  [MODEL.description, 'part'],
  [MODEL.graph, 'part'],
  [MODEL.operators, 'part'],
  [MODEL.properties, 'part'],
  [20, 'part'],
  [MODEL.functions, 'part'],
  [26, 'part'],
]);

/** ONNX has no mark. It is known by its fields: a version, a graph, and no others than the format has. */
export const looksLikeOnnx = (source: ByteSource, budget: Budget): boolean =>
  looksLikeMessage(source, budget, shape, [MODEL.ir, MODEL.graph]);

/** Sets of operators that every runtime of ONNX brings along. */
const knownDomains =
  /^(|ai\.onnx(\.ml|\.training|\.preview|\.preview\.training)?|com\.microsoft(\.nchwc|\.nhwc|\.experimental|\.internal)?)$/;
const pythonOperators: ReadonlySet<string> = new Set([
  'com.microsoft:PythonOp',
  'com.microsoft:PythonOpGrad',
  'ai.onnx.contrib:PyOp',
  ':PyOp',
]);

function readOperatorSet(source: ByteSource, budget: Budget): string {
  let domain = '';
  let version = 0n;
  for (const field of readFields(source, budget)) {
    if (field.kind === 'part' && field.number === 1) domain = toText(field.part);
    if (field.kind === 'varint' && field.number === 2) version = field.value;
  }
  return toDetail(domain === '' ? String(version) : `${domain} ${version}`);
}

function readFunction(source: ByteSource, budget: Budget, takeNode: (source: ByteSource, depth: number) => void): string {
  let domain = '';
  for (const field of readFields(source, budget)) {
    if (field.kind !== 'part') continue;
    if (field.number === FUNCTION.domain) domain = toDetail(toText(field.part));
    if (field.number === FUNCTION.node) takeNode(field.part, 0);
  }
  return domain;
}

function checkOperators(operators: ReadonlySet<string>, ownDomains: ReadonlySet<string>, find: Inspecting['find']): void {
  for (const operator of operators) {
    const domain = operator.slice(0, operator.indexOf(':'));
    if (pythonOperators.has(operator)) find('operator_runs_python', operator);
    else if (!knownDomains.test(domain) && !ownDomains.has(domain)) find('custom_operators', operator);
  }
}

const names = new Map<number, string>([
  [MODEL.producer, 'producer'],
  [MODEL.producerVersion, 'producerVersion'],
  [MODEL.domain, 'domain'],
  [MODEL.description, 'description'],
]);

/** Reads an ONNX model field by field; the numbers of its tensors are stepped over, and files beside it are not opened. */
export async function inspectOnnx(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const { budget, find } = inspecting;
  const metadata: Record<string, Inspection['metadata'][string]> = {};
  const operatorSets: string[] = [];
  const ownDomains = new Set<string>();
  const properties: [string, string][] = [];
  const walk = createGraphWalk(inspecting);
  for (const field of readFields(source, budget)) {
    if (field.kind === 'varint' && field.number === MODEL.ir) metadata['irVersion'] = Number(field.value);
    if (field.kind === 'varint' && field.number === MODEL.version) metadata['modelVersion'] = Number(BigInt.asIntN(64, field.value));
    if (field.kind !== 'part') continue;
    const name = names.get(field.number);
    if (name !== undefined && field.part.sizeBytes > 0) metadata[name] = toDetail(toText(field.part));
    if (field.number === MODEL.operators) operatorSets.push(readOperatorSet(field.part, budget));
    if (field.number === MODEL.graph) walk.takeGraph(field.part);
    if (field.number === MODEL.functions) ownDomains.add(readFunction(field.part, budget, walk.takeNode));
    if (field.number === MODEL.properties && properties.length < MAX_PROPERTIES) {
      const [key, value] = readEntry(field.part, budget);
      properties.push([`property.${toDetail(key)}`, toDetail(value)]);
    }
  }
  const { tally } = walk;
  checkOperators(tally.operators, ownDomains, find);
  return {
    format: 'onnx',
    framework: 'onnx',
    parameterCount: Number(tally.parameters),
    metadata: {
      ...metadata,
      ...Object.fromEntries(properties),
      operatorSets: toDetail(operatorSets.join(', ')),
      nodes: tally.nodes,
      initializers: tally.initializers,
      ...(tally.external > 0 && { externalTensors: tally.external }),
    },
  };
}
