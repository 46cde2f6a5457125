import { ClusterError } from './errors.ts';

/** `[namespace/]name[:alias or semver][@sha256:…]`, taken apart. No alias means `latest`. */
export interface ModelReference {
  /** `namespace/name` or `name`; compared case-insensitively. */
  readonly name: string;
  readonly alias: string;
  readonly digest?: string;
}

const segment = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}';
const referencePattern = new RegExp(
  `^((?:${segment}/){0,2}${segment})(?::([A-Za-z0-9_][A-Za-z0-9_.+-]{0,79}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);
const namePattern = new RegExp(`^(?:${segment}/){0,2}${segment}$`);
const digestPattern = /^sha256:[0-9a-f]{64}$/;

export const DEFAULT_ALIAS = 'latest';

/** Reads a model reference. Throws `invalid_model_reference` with the rule when it is none. */
export function parseModelReference(text: string): ModelReference {
  const found = referencePattern.exec(text);
  const name = found?.[1];
  if (!found || name === undefined || name.includes('..')) {
    throw new ClusterError('invalid_model_reference', `"${text.slice(0, 120)}" is not a model reference.`, {
      hint: 'Write [namespace/]name[:alias][@sha256:…], for example "starter" or "lab/qwen3:4b".',
      param: 'model',
    });
  }
  return { name, alias: found[2] ?? DEFAULT_ALIAS, ...(found[3] === undefined ? {} : { digest: found[3] }) };
}

/** Writes a reference; `latest` is left out, as people do. */
export function formatModelReference({ name, alias, digest }: ModelReference): string {
  return `${name}${alias === DEFAULT_ALIAS ? '' : `:${alias}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Whether a text can be a model's name (no alias, no digest). */
export function isModelName(text: string): boolean {
  return namePattern.test(text) && !text.includes('..');
}

/** Whether a text is a digest as we write them: `sha256:` and 64 lower-case hex digits. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}
