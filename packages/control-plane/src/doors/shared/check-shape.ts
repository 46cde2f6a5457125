import { ClusterError } from '@cluster-ai/contracts';
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** `messages[0].content`, as OpenAI writes a field's name. */
function toParam(path: readonly PropertyKey[]): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`)).join('');
}

/** The issue that says most: inside a union, that of the branch which came furthest. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors.flatMap(([first]) => (first === undefined ? [] : [deepest(first)]));
  const furthest = inner.reduce<Issue | undefined>((best, next) => (next.path.length > (best?.path.length ?? 0) ? next : best), undefined);
  return furthest === undefined ? issue : { ...furthest, path: [...issue.path, ...furthest.path] };
}

/** Reads a request by its shape. Throws `invalid_request` that names the first wrong field. */
export function checkShape<Shape extends z.ZodType>(shape: Shape, value: unknown): z.output<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const issue = first === undefined ? undefined : deepest(first);
  const param = toParam(issue?.path ?? []);
  throw new ClusterError(
    'invalid_request',
    `${param === '' ? 'The body' : `"${param}"`} is not valid: ${issue?.message ?? 'wrong type'}.`,
    {
      ...(param === '' ? {} : { param }),
    },
  );
}
