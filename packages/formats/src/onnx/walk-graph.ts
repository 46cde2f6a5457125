import { leavesFolder } from '../inspection/check-member-name.ts';
import { BrokenStructure, type Inspecting, toDetail } from '../inspection/report.ts';
import { readFields, toText } from '../protobuf/read-fields.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { type OnnxTensor, readTensor } from './read-tensor.ts';

/** What the walk through a model's graphs collects. */
export interface OnnxTally {
  parameters: bigint;
  initializers: number;
  external: number;
  nodes: number;
  /** Domain and name of each kind of operator. */
  readonly operators: Set<string>;
}

/** Fields of GraphProto, NodeProto, AttributeProto and SparseTensorProto in onnx.proto. */
const GRAPH = { node: 1, initializer: 5, sparseInitializer: 15 } as const;
const NODE = { operator: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparseTensor: 22, sparseTensors: 23 } as const;
const SPARSE_VALUES = 1;
const MAX_DEPTH = 64;

/** A file beside the model, by a relative path that stays below it. */
function checkExternal({ name, external }: OnnxTensor, { find }: Inspecting): void {
  const location = external.get('location') ?? '';
  if (leavesFolder(location) || /^[A-Za-z][A-Za-z0-9+.-]+:/.test(location)) find('external_data_escapes', toDetail(`${name}: ${location}`));
  for (const key of ['offset', 'length']) {
    const value = external.get(key);
    if (value !== undefined && !/^\d{1,15}$/.test(value)) find('impossible_claim', toDetail(`${name}: ${key} ${value}`));
  }
}

/** Follows graphs, the graphs in their nodes, and functions. Numbers of tensors are stepped over. */
export function createGraphWalk(inspecting: Inspecting) {
  const { budget } = inspecting;
  const tally: OnnxTally = { parameters: 0n, initializers: 0, external: 0, nodes: 0, operators: new Set() };

  function takeTensor(source: ByteSource): OnnxTensor {
    const tensor = readTensor(source, budget);
    if (tensor.external.size > 0) {
      tally.external++;
      checkExternal(tensor, inspecting);
    }
    return tensor;
  }

  function takeInitializer(source: ByteSource): void {
    tally.parameters += takeTensor(source).elements;
    tally.initializers++;
  }

  /** The values count; their places are no parameters. */
  function takeSparse(source: ByteSource, isInitializer: boolean): void {
    for (const field of readFields(source, budget)) {
      if (field.kind !== 'part') continue;
      if (field.number === SPARSE_VALUES && isInitializer) takeInitializer(field.part);
      else if (field.number <= 2) takeTensor(field.part);
    }
  }

  function takeAttribute(source: ByteSource, depth: number): void {
    for (const field of readFields(source, budget)) {
      if (field.kind !== 'part') continue;
      if (field.number === ATTRIBUTE.tensor || field.number === ATTRIBUTE.tensors) takeTensor(field.part);
      if (field.number === ATTRIBUTE.graph || field.number === ATTRIBUTE.graphs) takeGraph(field.part, depth + 1);
      if (field.number === ATTRIBUTE.sparseTensor || field.number === ATTRIBUTE.sparseTensors) takeSparse(field.part, false);
    }
  }

  function takeNode(source: ByteSource, depth: number): void {
    let operator = '';
    let domain = '';
    for (const field of readFields(source, budget)) {
      if (field.kind !== 'part') continue;
      if (field.number === NODE.operator) operator = toDetail(toText(field.part));
      if (field.number === NODE.domain) domain = toDetail(toText(field.part));
      if (field.number === NODE.attribute) takeAttribute(field.part, depth);
    }
    tally.nodes++;
    tally.operators.add(`${domain}:${operator}`);
  }

  function takeGraph(source: ByteSource, depth = 0): void {
    if (depth > MAX_DEPTH) throw new BrokenStructure(`graphs in graphs, more than ${MAX_DEPTH} deep`, 'impossible_claim');
    for (const field of readFields(source, budget)) {
      if (field.kind !== 'part') continue;
      if (field.number === GRAPH.node) takeNode(field.part, depth);
      if (field.number === GRAPH.initializer) takeInitializer(field.part);
      if (field.number === GRAPH.sparseInitializer) takeSparse(field.part, true);
    }
  }

  return { tally, takeGraph, takeNode };
}
