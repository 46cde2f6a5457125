import {
  chatDetailsShape,
  chatListShape,
  chatShape,
  chatStreamEventShape,
  chatTurnShape,
  createChatShape,
  updateChatShape,
} from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callerOf } from '../../access/caller.ts';
import type { Chats } from '../../chats/chats.ts';
import { openEventStream } from './event-stream.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'chats';
const byId = z.object({ id: z.string().min(1).max(100) });

async function streamAnswer(chats: Chats, chatId: string, reply: FastifyReply): Promise<void> {
  const stream = openEventStream(reply);
  const stop = await chats.watch(chatId, (event) => {
    stream.send(event);
    if (event.type === 'done') stream.end();
  });
  reply.raw.once('close', stop);
  if (!chats.isGenerating(chatId)) stream.end();
}

/** Every route with an id goes through here: a chat of somebody else is one that is not there. */
async function ownId(
  chats: Chats,
  { params, request }: { readonly params: { readonly id: string }; readonly request: FastifyRequest },
): Promise<string> {
  await chats.checkOwner(params.id, callerOf(request).ownerId);
  return params.id;
}

export function chatRoutes({ chats }: NativeDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'GET',
      path: '/chats',
      permission: 'chats:read',
      tag,
      summary: 'Conversations, newest first',
      query: z.object({ cursor: z.string().max(40).optional(), search: z.string().max(200).optional() }),
      answer: chatListShape,
      handle: async ({ query, request }) => chats.list({ ownerId: callerOf(request).ownerId, cursor: query.cursor, search: query.search }),
    }),
    route({
      method: 'POST',
      path: '/chats',
      permission: 'chats:write',
      tag,
      summary: 'Begin a conversation',
      body: createChatShape,
      answer: chatShape,
      status: 201,
      handle: async ({ body, request }) => chats.create({ ...body, ownerId: callerOf(request).ownerId }),
    }),
    route({
      method: 'GET',
      path: '/chats/{id}',
      permission: 'chats:read',
      tag,
      summary: 'One conversation with all its messages',
      params: byId,
      answer: chatDetailsShape,
      handle: async (input) => chats.get(await ownId(chats, input)),
    }),
    route({
      method: 'PATCH',
      path: '/chats/{id}',
      permission: 'chats:write',
      tag,
      summary: 'Rename, pin, choose the model, the branch or how answers are made',
      params: byId,
      body: updateChatShape,
      answer: chatDetailsShape,
      handle: async (input) => chats.update(await ownId(chats, input), input.body),
    }),
    route({
      method: 'DELETE',
      path: '/chats/{id}',
      permission: 'chats:write',
      tag,
      summary: 'Delete a conversation',
      params: byId,
      answer: undefined,
      handle: async (input) => chats.remove(await ownId(chats, input)),
    }),
    route({
      method: 'POST',
      path: '/chats/{id}/turns',
      permission: 'chats:write',
      takesPrompts: true,
      tag,
      summary: 'Say something and have it answered, or have a message answered again',
      params: byId,
      body: chatTurnShape,
      answer: chatStreamEventShape,
      isStream: true,
      handle: async (input) => {
        const id = await ownId(chats, input);
        await chats.begin(id, input.body, callerOf(input.request));
        await streamAnswer(chats, id, input.reply);
      },
    }),
    route({
      method: 'GET',
      path: '/chats/{id}/stream',
      permission: 'chats:read',
      tag,
      summary: 'Attach to the answer that is being written',
      params: byId,
      answer: chatStreamEventShape,
      isStream: true,
      handle: async (input) => streamAnswer(chats, await ownId(chats, input), input.reply),
    }),
    route({
      method: 'POST',
      path: '/chats/{id}/stop',
      permission: 'chats:write',
      tag,
      summary: 'Stop the answer; what there is of it stays',
      params: byId,
      answer: undefined,
      handle: async (input) => chats.stop(await ownId(chats, input)),
    }),
  ];
}
