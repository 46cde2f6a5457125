import { z } from 'zod';
import { chatMessageShape, chatShape } from './chats.ts';
import { generationOptionsShape } from './generation-options.ts';
import { foundFileShape, modelShape, modelVersionShape } from './models.ts';
import { nodeShape } from './nodes.ts';
import { engineOptionsShape } from './replicas.ts';
import { saidShape } from './said.ts';
import { conditionShape } from './state.ts';

/** Shapes of the native door, `/api/v1`. The OpenAPI document is generated from these. */

/** RFC 9457 problem details, content type `application/problem+json`. */
export const problemShape = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().describe('Stable; from the table of error codes.'),
    hint: z.string().optional(),
    param: z.string().optional(),
    requestId: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
    said: saidShape.optional().describe('Detail and hint by their codes, for clients that speak another language.'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemShape>;

export const modelListShape = z.object({ models: z.array(modelShape), status: conditionShape }).meta({ id: 'ModelList' });
export type ModelList = z.infer<typeof modelListShape>;
export const modelDetailsShape = modelShape.extend({ versions: z.array(modelVersionShape) }).meta({ id: 'ModelDetails' });
export type ModelDetails = z.infer<typeof modelDetailsShape>;
export const addModelShape = z
  .object({
    name: z.string().min(1).max(255),
    path: z.string().min(1).max(4096).describe('An absolute path on the control plane’s machine.'),
    description: z.string().max(2000).default(''),
    inPlace: z.boolean().default(false).describe('Use the file where it lies instead of taking a copy or link of it.'),
  })
  .meta({ id: 'AddModel' });
export type AddModel = z.infer<typeof addModelShape>;
export type AddModelInput = z.input<typeof addModelShape>;
export const foundListShape = z.object({ files: z.array(foundFileShape) }).meta({ id: 'FoundList' });

export const generateRequestShape = z
  .object({
    prompt: z.string().min(1),
    model: z.string().optional().describe('The only, or the default, model when left out.'),
    stream: z.boolean().default(false).describe('Server-sent events `{ response }`, the last with `done: true` and the usage.'),
    options: generationOptionsShape.prefault({}),
  })
  .meta({ id: 'GenerateRequest' });
export type GenerateInput = z.input<typeof generateRequestShape>;
export const usageShape = z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }).meta({ id: 'Usage' });
export type Usage = z.infer<typeof usageShape>;
export const generateAnswerShape = z
  .object({
    response: z.string(),
    model: z.string(),
    node: z.string(),
    finish_reason: z.string(),
    usage: usageShape,
    duration_ms: z.number(),
  })
  .meta({ id: 'GenerateAnswer' });
export type GenerateAnswer = z.infer<typeof generateAnswerShape>;

export const listenerShape = z.object({ name: z.string(), address: z.string(), condition: conditionShape }).meta({ id: 'Listener' });
export type Listener = z.infer<typeof listenerShape>;

export const clusterStatusShape = z
  .object({
    name: z.string(),
    version: z.string(),
    condition: conditionShape,
    started_at: z.iso.datetime(),
    total_workers: z.int().describe('Nodes, in the older documents’ word.'),
    ready_workers: z.int(),
    active_tasks: z.int().describe('Inference requests and tasks under way.'),
    queued_tasks: z.int(),
    cpu_utilization: z.number().describe('0 to 1, over all ready nodes.'),
    memory_usage: z.number().describe('0 to 1, over all ready nodes.'),
    gpu_available: z.boolean(),
    tokens_per_second: z.number(),
    models: z.int(),
    running_models: z.int(),
    listeners: z.array(listenerShape),
    data_folder: z.string(),
  })
  .meta({ id: 'ClusterStatus' });
export type ClusterStatus = z.infer<typeof clusterStatusShape>;

export const loadSampleShape = z
  .object({
    at: z.iso.datetime(),
    tokensPerSecond: z.number(),
    activeRequests: z.int().describe('Under way.'),
    queuedRequests: z.int(),
  })
  .meta({ id: 'LoadSample' });
export type LoadSample = z.infer<typeof loadSampleShape>;
export const loadHistoryShape = z
  .object({
    now: z.iso.datetime().describe('By the clock of the samples, for readers whose clock differs.'),
    samples: z
      .array(loadSampleShape)
      .describe('Every two seconds, oldest first, the last ten minutes at most; none from before the start.'),
  })
  .meta({ id: 'LoadHistory' });
export type LoadHistory = z.infer<typeof loadHistoryShape>;

export const nodeListShape = z.object({ nodes: z.array(nodeShape) }).meta({ id: 'NodeList' });
export const createInvitationShape = z
  .object({
    name: z.string().max(120).default('').describe('A name for the machine; its host name when empty.'),
    ttlSeconds: z.int().min(60).max(86_400).default(900),
    listenHost: z.string().max(255).optional().describe('The address of this machine that the other one can reach; chosen when left out.'),
  })
  .meta({ id: 'CreateInvitation' });
export type CreateInvitationInput = z.input<typeof createInvitationShape>;
export const invitationShape = z
  .object({
    address: z.string().describe('host:port of the node link.'),
    token: z.string().describe('One use. Shown once.'),
    expiresAt: z.iso.datetime(),
    command: z.string().describe('The one line to run on the other machine.'),
    installCommand: z.string().describe('How the other machine gets the software from this one.'),
  })
  .meta({ id: 'Invitation' });
export type Invitation = z.infer<typeof invitationShape>;

export const loadModelShape = z
  .object({ options: engineOptionsShape.prefault({}), keepAliveSeconds: z.number().optional() })
  .meta({ id: 'LoadModel' });
export type LoadModelInput = z.input<typeof loadModelShape>;

export const chatListShape = z.object({ chats: z.array(chatShape), nextCursor: z.string().nullable() }).meta({ id: 'ChatList' });
export type ChatList = z.infer<typeof chatListShape>;
export const chatDetailsShape = chatShape.extend({ messages: z.array(chatMessageShape) }).meta({ id: 'ChatDetails' });
export type ChatDetails = z.infer<typeof chatDetailsShape>;
export const createChatShape = z
  .object({ model: z.string(), title: z.string().max(200).default(''), options: generationOptionsShape.prefault({}) })
  .meta({ id: 'CreateChat' });
export type CreateChatInput = z.input<typeof createChatShape>;
export const updateChatShape = z
  .object({
    title: z.string().min(1).max(200).optional(),
    model: z.string().optional(),
    isPinned: z.boolean().optional(),
    headId: z.string().optional(),
    options: generationOptionsShape.optional().describe('Replaces all of them.'),
  })
  .meta({ id: 'UpdateChat' });
export type UpdateChatInput = z.input<typeof updateChatShape>;
/**
 * A turn of a chat: `content` appends a person's message below `parentId` (an edit is a sibling: same parent, new content) and has it
 * answered; without `content` the message `parentId` is answered (again). Answers with server-sent `ChatStreamEvent`s. Closing the
 * connection does not stop the answer: `POST …/stop` does.
 */
export const chatTurnShape = z
  .object({
    parentId: z.string().nullable(),
    content: z.string().min(1).max(1_000_000).optional(),
    model: z.string().optional(),
    options: generationOptionsShape.prefault({}).describe('For this turn, over those of the chat.'),
  })
  .meta({ id: 'ChatTurn' });
export type ChatTurn = z.input<typeof chatTurnShape>;

export const backupRequestShape = z
  .object({ path: z.string().min(1).max(4096), includeModels: z.boolean().default(true) })
  .meta({ id: 'BackupRequest' });
export type BackupInput = z.input<typeof backupRequestShape>;
export const backupShape = z
  .object({
    path: z.string(),
    createdAt: z.iso.datetime(),
    sizeBytes: z.int(),
    files: z.int(),
    digest: z.string(),
    masterKeyId: z.string().describe('Of the key that opens it, and that is not in it.'),
    keyRing: z.string().describe('The file beside it that has the keys of sealed chats, and who was erased. A restore needs it.'),
  })
  .meta({ id: 'Backup' });
export type Backup = z.infer<typeof backupShape>;
