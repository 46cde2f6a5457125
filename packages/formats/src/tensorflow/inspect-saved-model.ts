import type { Inspection } from '@cluster-ai/contracts';
import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure, type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import { looksLikeMessage } from '../protobuf/looks-like-message.ts';
import { type Field, readFields, toText } from '../protobuf/read-fields.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { checkOperator } from './check-operator.ts';

/** Fields of saved_model.proto, meta_graph.proto, graph.proto, function.proto and saved_object_graph.proto in TensorFlow. */
const SAVED_MODEL = { schema: 1, metaGraph: 2 } as const;
const META_GRAPH = { info: 1, graph: 2, signature: 5, objects: 7 } as const;
const INFO = { tag: 4, version: 5 } as const;
const GRAPH = { node: 1, library: 2 } as const;
const LIBRARY_FUNCTION = 1;
const FUNCTION_NODE = 3;
const NODE_OPERATOR = 2;
const OBJECT_GRAPH_NODE = 1;
const SAVED_VARIABLE = 7;
const VARIABLE_SHAPE = 2;
const SHAPE_DIMENSION = 2;
const DIMENSION_SIZE = 1;
const MAP_KEY = 1;

const shape = new Map<number, 'varint' | 'part'>([
  [SAVED_MODEL.schema, 'varint'],
  [SAVED_MODEL.metaGraph, 'part'],
]);

/** All fields of a MetaGraphDef are messages; the one that describes the graph comes first. */
const metaGraphShape = new Map<number, 'varint' | 'part'>([1, 2, 3, 4, 5, 6, 7].map((number) => [number, 'part']));

/** Another format begins with the same kinds of fields, so the first part is looked into as well. */
export function looksLikeSavedModel(source: ByteSource, budget: Budget): boolean {
  if (source.sizeBytes <= 4 || !looksLikeMessage(source, budget, shape, [SAVED_MODEL.schema, SAVED_MODEL.metaGraph])) return false;
  const { done, value: metaGraph } = readParts(source, budget, SAVED_MODEL.metaGraph).next();
  return !done && looksLikeMessage(metaGraph, budget, metaGraphShape, [META_GRAPH.graph]);
}

type PartField = Extract<Field, { kind: 'part' }>;

/** The parts of a message that are in one of its fields. */
function* readParts(source: ByteSource, budget: Budget, number: number): Generator<ByteSource> {
  for (const field of readFields(source, budget)) if (field.kind === 'part' && field.number === number) yield field.part;
}

function countElements(variable: ByteSource, budget: Budget): bigint {
  let elements = 1n;
  for (const shapePart of readParts(variable, budget, VARIABLE_SHAPE))
    for (const dimension of readParts(shapePart, budget, SHAPE_DIMENSION)) elements *= readDimension(dimension, budget);
  if (elements > BigInt(Number.MAX_SAFE_INTEGER)) throw new BrokenStructure(`a variable of ${elements} elements`, 'impossible_claim');
  return elements;
}

/** A size that is not known (-1) counts as none. */
function readDimension(source: ByteSource, budget: Budget): bigint {
  for (const field of readFields(source, budget))
    if (field.kind === 'varint' && field.number === DIMENSION_SIZE) return BigInt.asIntN(64, field.value) < 0n ? 0n : field.value;
  return 0n;
}

function createMetaGraphReader({ budget, find }: Inspecting) {
  const metadata: Record<string, Inspection['metadata'][string]> = {};
  const tags: string[] = [];
  const signatures: string[] = [];
  const operators = new Set<string>();
  let parameters = 0n;
  let variables = 0;

  function takeNode(node: ByteSource): void {
    for (const operator of readParts(node, budget, NODE_OPERATOR)) operators.add(toDetail(toText(operator)));
  }

  function takeGraph(graph: ByteSource): void {
    for (const node of readParts(graph, budget, GRAPH.node)) takeNode(node);
    for (const library of readParts(graph, budget, GRAPH.library))
      for (const definition of readParts(library, budget, LIBRARY_FUNCTION))
        for (const node of readParts(definition, budget, FUNCTION_NODE)) takeNode(node);
  }

  function takeObjects(objects: ByteSource): void {
    for (const object of readParts(objects, budget, OBJECT_GRAPH_NODE))
      for (const variable of readParts(object, budget, SAVED_VARIABLE)) {
        parameters += countElements(variable, budget);
        variables++;
      }
  }

  function takeInfo(info: ByteSource): void {
    for (const tag of readParts(info, budget, INFO.tag)) tags.push(toDetail(toText(tag)));
    for (const version of readParts(info, budget, INFO.version)) metadata['tensorflowVersion'] = toDetail(toText(version));
  }

  function takeSignature(entry: ByteSource): void {
    for (const key of readParts(entry, budget, MAP_KEY)) signatures.push(toDetail(toText(key)));
  }

  function take({ number, part }: PartField): void {
    if (number === META_GRAPH.info) takeInfo(part);
    if (number === META_GRAPH.graph) takeGraph(part);
    if (number === META_GRAPH.signature) takeSignature(part);
    if (number === META_GRAPH.objects) takeObjects(part);
  }

  return {
    take: (metaGraph: ByteSource) => {
      for (const field of readFields(metaGraph, budget)) if (field.kind === 'part') take(field);
    },
    toReport: (): Report => {
      for (const operator of operators) checkOperator(operator, find);
      return {
        format: 'tensorflow',
        framework: 'tensorflow',
        parameterCount: variables > 0 ? Number(parameters) : null,
        metadata: {
          ...metadata,
          tags: tags.join(', '),
          signatures: toDetail(signatures.sort().join(', ')),
          variables,
          operators: operators.size,
        },
      };
    },
  };
}

/** Reads the graph of a SavedModel: which operators it has, also in its functions, and how many numbers its variables hold. */
export async function inspectSavedModel(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const reader = createMetaGraphReader(inspecting);
  for (const metaGraph of readParts(source, inspecting.budget, SAVED_MODEL.metaGraph)) reader.take(metaGraph);
  return reader.toReport();
}
