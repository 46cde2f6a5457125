import { ClusterError, type PublishFields, publishFieldsShape } from '@cluster-ai/contracts';
import { parseJson } from '../../../listeners/parse-json.ts';
import { checkShape } from '../../shared/check-shape.ts';

/** Text of a form's field: `{"a":1}`, with the same limits as any body. Throws `invalid_json`. */
const toJson = (text: string): unknown => parseJson(Buffer.from(text, 'utf8'));

const toList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** `a=b,c=d`, or a JSON object. */
function toTags(text: string): unknown {
  if (text.trimStart().startsWith('{')) return toJson(text);
  return Object.fromEntries(
    toList(text).map((pair) => [pair.split('=', 1)[0] ?? '', pair.includes('=') ? pair.slice(pair.indexOf('=') + 1) : '']),
  );
}

const readers: Readonly<Record<string, (text: string) => object>> = {
  name: (name) => ({ name }),
  version: (version) => ({ version }),
  description: (description) => ({ description }),
  framework: (framework) => ({ framework: framework.toLowerCase() }),
  aliases: (text) => ({ aliases: toList(text) }),
  tags: (text) => ({ tags: toTags(text) }),
};
const ofMetadata: Readonly<Record<string, (text: string) => object>> = {
  task: (task) => ({ task }),
  licence: (licence) => ({ licence }),
  license: (licence) => ({ licence }),
  languages: (text) => ({ languages: toList(text) }),
  metadata: (text) => ({ metrics: toJson(text) }),
};

/** The fields of a form as what a version is published with. Empty ones count as left out. Throws `invalid_request` for one that is unknown. */
export function toPublishFields(fields: ReadonlyMap<string, string>): PublishFields {
  const given = [...fields].filter(([, text]) => text !== '');
  const unknown = given.find(([name]) => !Object.hasOwn(readers, name) && !Object.hasOwn(ofMetadata, name));
  if (unknown) {
    const known = [...Object.keys(readers), ...Object.keys(ofMetadata)].join(', ');
    throw new ClusterError('invalid_request', `The form's field "${unknown[0].slice(0, 80)}" is unknown.`, {
      hint: `There are: file, ${known}.`,
      param: unknown[0].slice(0, 80),
    });
  }
  const read = (of: typeof readers) => Object.assign({}, ...given.map(([name, text]) => (Object.hasOwn(of, name) ? of[name]?.(text) : {})));
  return checkShape(publishFieldsShape, { ...read(readers), metadata: read(ofMetadata) });
}
