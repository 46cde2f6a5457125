import { z } from 'zod';
import { saidShape } from './said.ts';

/**
 * Work that is run in parallel on the workers of the cluster (Dask). A task is recorded before it is submitted, and runs at least
 * once: whoever wants each effect once makes it idempotent.
 */
export const taskTypes = ['ai_inference', 'data_processing', 'python', 'javascript', 'model'] as const;
export const taskTypeShape = z.enum(taskTypes);
export type TaskType = z.infer<typeof taskTypeShape>;

/** `queued` waits for tasks that it needs, or for its turn; `submitted` is known to the scheduler. `done`, `failed` and `cancelled` are final. */
export const taskStates = ['queued', 'submitted', 'running', 'cancelling', 'done', 'failed', 'cancelled'] as const;
export const taskStateShape = z.enum(taskStates);
export type TaskState = z.infer<typeof taskStateShape>;

export const taskIdShape = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
    'use letters, digits, dots, hyphens and underscores, 64 at most, beginning with a letter or digit',
  );

/** A value of JSON. Where an argument is `{ "$task": "ID" }`, the result of that task takes its place, and this task waits for it. */
export const taskArgumentShape = z.json();
export type TaskArgument = z.infer<typeof taskArgumentShape>;

/** Where rows come from: given inline, a file or several (a glob) that the workers can read, or a file of the registry by its digest. */
export const tableSourceShape = z.union([
  z.strictObject({ rows: z.array(z.record(z.string(), z.json())).max(100_000) }),
  z.strictObject({
    path: z.string().min(1).max(4096).describe('Below one of the folders that `compute.dataFolders` names; may hold * and **.'),
    format: z.enum(['csv', 'jsonl', 'parquet']).optional().describe('Read from the name when left out.'),
  }),
  z.strictObject({ blob: z.string().regex(/^sha256:[0-9a-f]{64}$/), format: z.enum(['csv', 'jsonl', 'parquet']) }),
]);
export type TableSource = z.infer<typeof tableSourceShape>;

/** A calculation as data, so that nothing of a caller is ever evaluated as code: a column, a value, or an operator over others. */
export type Expression =
  | { readonly column: string }
  | { readonly value: string | number | boolean | null }
  | { readonly op: (typeof expressionOperators)[number]; readonly args: readonly Expression[] };
export const expressionOperators = [
  'add', 'subtract', 'multiply', 'divide', 'modulo', 'power', 'negate',
  'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'not', 'is_null',
  'lower', 'upper', 'length', 'contains', 'starts_with', 'ends_with', 'concat',
  'round', 'abs', 'log', 'sqrt', 'to_number', 'to_text', 'year', 'month', 'day', 'if',
] as const; // biome-ignore format: one group a line
export const expressionShape: z.ZodType<Expression> = z.lazy(() =>
  z.union([
    z.strictObject({ column: z.string().max(200) }),
    z.strictObject({ value: z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()]) }),
    z.strictObject({ op: z.enum(expressionOperators), args: z.array(expressionShape).max(20) }),
  ]),
);

export const aggregates = ['count', 'sum', 'mean', 'min', 'max', 'std', 'nunique', 'first', 'last'] as const;
const columnName = z.string().min(1).max(200);
/** What is done with a table, in this order. Joined tables are sources of their own. */
export const tableStepShape = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('select'), columns: z.array(columnName).min(1) }),
  z.strictObject({ op: z.literal('map'), columns: z.record(columnName, expressionShape).describe('New or replaced columns.') }),
  z.strictObject({ op: z.literal('filter'), where: expressionShape }),
  z.strictObject({
    op: z.literal('group'),
    by: z.array(columnName).min(1),
    aggregate: z.record(columnName, z.strictObject({ column: columnName.optional(), function: z.enum(aggregates) })),
  }),
  z.strictObject({
    op: z.literal('join'),
    with: tableSourceShape,
    on: z.array(columnName).min(1),
    how: z.enum(['inner', 'left', 'right', 'outer']).default('inner'),
  }),
  z.strictObject({ op: z.literal('sort'), by: columnName, descending: z.boolean().default(false) }),
  z.strictObject({ op: z.literal('head'), rows: z.int().min(1).max(100_000) }),
  z.strictObject({ op: z.literal('statistics'), columns: z.array(columnName).optional() }),
]);
export type TableStep = z.infer<typeof tableStepShape>;

const reference = z.string().min(1).max(400).describe('A model of the registry, as NAME, NAME:ALIAS or NAME:VERSION.');

export const taskInputs = {
  ai_inference: z.strictObject({
    model: reference,
    kind: z.enum(['generate', 'chat', 'embed']).default('generate'),
    prompt: z.string().max(1_000_000).optional(),
    prompts: z.array(z.string().max(1_000_000)).max(10_000).optional(),
    rows: tableSourceShape.optional().describe('With `template`, one prompt a row.'),
    template: z.string().max(100_000).optional().describe('`{column}` is replaced by what the row has there.'),
    options: z.record(z.string(), z.json()).default({}).describe('As the Ollama API has them: temperature, seed, num_predict …'),
  }),
  data_processing: z.strictObject({
    source: tableSourceShape,
    steps: z.array(tableStepShape).max(100).default([]),
    output: z
      .strictObject({
        format: z.enum(['rows', 'csv', 'jsonl', 'parquet']).default('rows'),
        path: z.string().max(4096).optional().describe('A folder below one of `compute.dataFolders`; the result when left out.'),
      })
      .prefault({}),
  }),
  python: z.strictObject({
    function: z.string().min(1).max(200).optional().describe('A registered function, by name.'),
    source: z.string().max(1_000_000).optional().describe('Python that defines `main`; only where an admin allowed code to your role.'),
    pickle: z.base64().optional().describe('A function by cloudpickle; only where an admin allowed code to your role.'),
    pythonVersion: z.string().max(20).optional().describe('Of the pickle, for example 3.11: another one is refused.'),
    args: z.array(taskArgumentShape).default([]),
    kwargs: z.record(z.string(), taskArgumentShape).default({}),
    items: z
      .array(taskArgumentShape)
      .max(100_000)
      .optional()
      .describe('The function is called once for each, before `args`; the result is a list.'),
  }),
  javascript: z.strictObject({
    bundle: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .describe('A module that was handed in before, by its digest.'),
    export: z.string().max(200).default('default').describe('The exported function.'),
    args: z.array(taskArgumentShape).default([]),
    items: z
      .array(taskArgumentShape)
      .max(100_000)
      .optional()
      .describe('The function is called once for each, before `args`; the result is a list.'),
  }),
  model: z.strictObject({
    model: reference,
    source: tableSourceShape,
    inputs: z
      .record(z.string(), z.union([columnName, z.array(columnName)]))
      .default({})
      .describe('Which columns each input of the model takes.'),
    batchSize: z.int().min(1).max(100_000).default(256),
    output: z
      .strictObject({ format: z.enum(['rows', 'csv', 'jsonl', 'parquet']).default('rows'), path: z.string().max(4096).optional() })
      .prefault({}),
  }),
} as const;

export const taskResourcesShape = z.strictObject({
  gpu: z.number().min(0).max(64).optional(),
  memory: z.string().max(20).optional().describe('Such as 2GB: taken only by a worker with as much.'),
  node: z.string().max(120).optional().describe('Only on this node, by name or id.'),
  pool: z.string().max(60).optional().describe('Only on workers of this pool: cpu, gpu or phone.'),
});

const common = {
  id: taskIdShape.optional().describe('Chosen by the caller: handing in the same one again answers with the first. Made up when left out.'),
  name: z.string().max(200).default(''),
  priority: z.int().min(-100).max(100).default(0).describe('Higher first.'),
  retries: z.int().min(0).max(20).default(3).describe('How often it is tried again after it raised an error or its worker died.'),
  timeoutSeconds: z.number().positive().max(2_592_000).optional().describe('Of one attempt, from its start.'),
  deadlineSeconds: z.number().positive().max(2_592_000).optional().describe('From now until it must have ended.'),
  dependsOn: z.array(taskIdShape).max(1000).default([]).describe('Waits until these are done; fails when one fails.'),
  resources: taskResourcesShape.prefault({}),
  report: z.boolean().default(false).describe('Keep a performance report of Dask beside the result.'),
};
export const taskRequestShape = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('ai_inference'), input: taskInputs.ai_inference, ...common }),
    z.strictObject({ type: z.literal('data_processing'), input: taskInputs.data_processing, ...common }),
    z.strictObject({ type: z.literal('python'), input: taskInputs.python, ...common }),
    z.strictObject({ type: z.literal('javascript'), input: taskInputs.javascript, ...common }),
    z.strictObject({ type: z.literal('model'), input: taskInputs.model, ...common }),
  ])
  .meta({ id: 'TaskRequest' });
export type TaskRequest = z.infer<typeof taskRequestShape>;
export type TaskInput = z.input<typeof taskRequestShape>;

/** One task, or up to 10 000 that are taken all or none. */
export const taskSubmissionShape = z
  .union([taskRequestShape, z.strictObject({ tasks: z.array(taskRequestShape).min(1).max(10_000) })])
  .meta({ id: 'TaskSubmission' });
export type TaskSubmission = z.infer<typeof taskSubmissionShape>;

export const taskReasonShape = z.object({ code: z.string(), message: z.string(), hint: z.string().optional(), said: saidShape.optional() });

export const taskShape = z
  .object({
    id: taskIdShape,
    name: z.string(),
    type: taskTypeShape,
    state: taskStateShape,
    reason: taskReasonShape.nullable().describe('Why it failed, was cancelled, or still waits.'),
    attempt: z.int().describe('How often it was submitted: 1 the first time, more after a loss or a retry.'),
    priority: z.int(),
    retries: z.int(),
    progress: z.number().min(0).max(1),
    message: z.string().describe('What it does now, in its own words.'),
    dependsOn: z.array(taskIdShape),
    resources: taskResourcesShape,
    worker: z.string().nullable().describe('Of the last attempt.'),
    result: z
      .object({ value: z.json().optional(), digest: z.string().optional(), sizeBytes: z.int() })
      .nullable()
      .describe('Small ones inline, larger ones by digest: GET /tasks/{id}/result has either.'),
    hasReport: z.boolean(),
    owner: z.string(),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    deadlineAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Task' });
export type Task = z.infer<typeof taskShape>;

export const taskListShape = z.object({ tasks: z.array(taskShape), next: z.string().nullable() }).meta({ id: 'TaskList' });
export type TaskList = z.infer<typeof taskListShape>;
/** What one call of many tasks answers with: their ids in the order given. */
export const taskAcceptedShape = z.object({ ids: z.array(taskIdShape) }).meta({ id: 'TasksAccepted' });
export const taskLogShape = z
  .object({ lines: z.array(z.object({ at: z.iso.datetime(), attempt: z.int(), text: z.string() })), isCut: z.boolean() })
  .meta({ id: 'TaskLog' });
export type TaskLog = z.infer<typeof taskLogShape>;
export const taskQueryShape = z.object({
  state: taskStateShape.optional(),
  type: taskTypeShape.optional(),
  name: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});
export const taskFunctionShape = z
  .object({
    name: z.string(),
    description: z.string(),
    parameters: z.record(z.string(), z.json()).describe('JSON Schema of the arguments.'),
  })
  .meta({ id: 'TaskFunction' });
export type TaskFunction = z.infer<typeof taskFunctionShape>;
