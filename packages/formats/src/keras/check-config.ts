import { type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import { isList, isObject, type JsonObject, type JsonValue } from '../json/read-json.ts';
import { judgeObject, type NamedObject } from './known-objects.ts';

const textOf = (value: JsonValue | undefined) => (typeof value === 'string' ? value : undefined);

/** A model of Keras written as JSON: a class and its configuration. */
export const isKerasConfig = (value: JsonObject): boolean => typeof value.get('class_name') === 'string' && isObject(value.get('config'));

function toNamed(object: JsonObject): NamedObject | undefined {
  const className = textOf(object.get('class_name'));
  if (className === undefined) return undefined;
  return { className, module: textOf(object.get('module')), registeredName: textOf(object.get('registered_name')) };
}

/** Every object in a configuration, from the outside in. Configurations are no deeper than their JSON, which is bounded. */
function* readObjects(value: JsonValue): Generator<JsonObject> {
  if (isList(value)) for (const item of value) yield* readObjects(item);
  if (!isObject(value)) return;
  yield value;
  for (const item of value.values()) yield* readObjects(item);
}

function checkObject(object: JsonObject, find: Inspecting['find']): void {
  // the older form of a layer with code: Python's own byte code in Base64
  if (object.get('function_type') === 'lambda') find('keras_runs_code', 'lambda');
  const named = toNamed(object);
  if (named === undefined) return;
  const judged = judgeObject(named);
  const detail = toDetail([named.module, named.className].filter((part) => part !== undefined).join('.'));
  const config = object.get('config');
  if (judged === 'code') find('keras_runs_code', detail);
  if (judged === 'custom') find('keras_custom_object', typeof config === 'string' ? `${detail} ${toDetail(config)}` : detail);
}

/** Looks at every object that Keras would build from a configuration, and says which would bring code along. */
export function checkKerasConfig(config: JsonObject, { budget, find }: Inspecting): Report {
  let layers = 0;
  for (const object of readObjects(config)) {
    budget.spend('steps', 1);
    checkObject(object, find);
  }
  const inner = config.get('config');
  const listed = isObject(inner) ? inner.get('layers') : undefined;
  if (isList(listed)) layers = listed.length;
  const name = isObject(inner) ? textOf(inner.get('name')) : undefined;
  return {
    format: 'keras',
    framework: 'tensorflow',
    parameterCount: null,
    metadata: { className: toDetail(textOf(config.get('class_name')) ?? ''), layers, ...(name !== undefined && { name: toDetail(name) }) },
  };
}
