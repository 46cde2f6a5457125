import {
  chatDetailsShape,
  chatListShape,
  chatShape,
  chatStreamEventShape,
  chatTurnShape,
  createChatShape,
  updateChatShape,
} from '@cluster-ai/contracts';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
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
      handle: async ({ query }) => chats.list({ cursor: query.cursor, search: query.search }),
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
      handle: async ({ body }) => chats.create(body),
    }),
    route({
      method: 'GET',
      path: '/chats/{id}',
      permission: 'chats:read',
      tag,
      summary: 'One conversation with all its messages',
      params: byId,
      answer: chatDetailsShape,
      handle: async ({ params }) => chats.get(params.id),
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
      handle: async ({ params, body }) => chats.update(params.id, body),
    }),
    route({
      method: 'DELETE',
      path: '/chats/{id}',
      permission: 'chats:write',
      tag,
      summary: 'Delete a conversation',
      params: byId,
      answer: undefined,
      handle: async ({ params }) => chats.remove(params.id),
    }),
    route({
      method: 'POST',
      path: '/chats/{id}/turns',
      permission: 'chats:write',
      tag,
      summary: 'Say something and have it answered, or have a message answered again',
      params: byId,
      body: chatTurnShape,
      answer: chatStreamEventShape,
      isStream: true,
      handle: async ({ params, body, reply }) => {
        await chats.begin(params.id, body);
        await streamAnswer(chats, params.id, reply);
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
      handle: async ({ params, reply }) => {
        await chats.get(params.id); // an unknown chat is a 404, not an empty stream
        await streamAnswer(chats, params.id, reply);
      },
    }),
    route({
      method: 'POST',
      path: '/chats/{id}/stop',
      permission: 'chats:write',
      tag,
      summary: 'Stop the answer; what there is of it stays',
      params: byId,
      answer: undefined,
      handle: async ({ params }) => chats.stop(params.id),
    }),
  ];
}
