import { createInterface, type Interface } from 'node:readline';
import type { ClusterClient } from '@cluster-ai/client';
import { type ChatMessage, type ChatTurn, isClusterError } from '@cluster-ai/contracts';
import { explainError } from '../../output/errors.ts';
import { fill, text } from '../../output/language.ts';
import { sayOr } from '../../output/say-phrases.ts';
import type { Context } from '../../verb.ts';

const texts = {
  welcome: text(
    'Chat with {model}. /bye ends it, Ctrl-C stops an answer, /? helps.',
    'Conversa com {model}. /bye termina, Ctrl-C interrompe uma resposta, /? ajuda.',
  ),
  help: text(
    '/bye  end the chat\n/new  begin a new one\n"""   begin and end a text of several lines\nCtrl-C stops an answer; Ctrl-D ends the chat. It is kept and can be read in the browser.',
    '/bye  termina a conversa\n/new  começa outra\n"""   começa e termina um texto de várias linhas\nCtrl-C interrompe uma resposta; Ctrl-D termina. A conversa fica guardada e pode ser lida no navegador.',
  ),
  stopped: text('(stopped)', '(interrompido)'),
  unknown: text('There is no {command}. /? lists what there is.', 'Não existe {command}. /? mostra o que há.'),
};

type Options = ChatTurn['options'];
const FENCE = '"""';

interface Session {
  readonly context: Context;
  readonly client: ClusterClient;
  readonly model: string;
  readonly options: Options;
  chatId: string;
  headId: string | null;
}

/** Lines of one person, put together where a fence was opened. */
async function* readTurns(lines: Interface): AsyncGenerator<string> {
  const ask = (prompt: string) => {
    lines.setPrompt(prompt);
    lines.prompt();
  };
  let open: string[] | undefined;
  ask('>>> ');
  for await (const line of lines) {
    if (open === undefined && line.startsWith(FENCE)) open = [line.slice(FENCE.length)];
    else if (open !== undefined && line.endsWith(FENCE)) {
      yield [...open, line.slice(0, -FENCE.length)].join('\n').trim();
      open = undefined;
    } else if (open !== undefined) open.push(line);
    else yield line.trim();
    ask(open === undefined ? '>>> ' : '... ');
  }
}

function showFacts({ context }: Session, { answer }: ChatMessage): void {
  if (!answer) return;
  const { terminal } = context;
  if (answer.error) terminal.progress(terminal.tell(`${answer.error.message} ${answer.error.hint}`.trim()));
  if (answer.finishReason === 'stopped') terminal.progress(terminal.say(texts.stopped));
  const speed = answer.tokensPerSecond === null ? [] : [`${answer.tokensPerSecond.toFixed(1)} tokens/s`];
  const facts = [...(answer.node === null ? [] : [answer.node]), ...speed].join(' · ');
  if (facts !== '') terminal.progress(terminal.style('dim', facts));
}

async function answerTurn(session: Session, content: string, lines: Interface): Promise<void> {
  const { client, context, chatId, headId, model, options } = session;
  const stop = () => void client.stopChat(chatId).catch(() => {}); // the answer ended meanwhile
  lines.on('SIGINT', stop);
  try {
    for await (const event of client.takeTurn(chatId, { parentId: headId, content, model, options }, { signal: context.signal })) {
      if (event.type === 'waiting')
        context.terminal.progress(context.terminal.style('dim', sayOr(context.terminal, event.said?.message, event.message)));
      if (event.type === 'delta') context.terminal.piece(event.text);
      if (event.type !== 'done') continue;
      context.terminal.data('');
      showFacts(session, event.message);
      session.headId = event.message.id;
    }
  } finally {
    lines.off('SIGINT', stop);
  }
}

async function beginChat(session: Session): Promise<void> {
  const chat = await session.client.createChat({ model: session.model }, { signal: session.context.signal });
  session.chatId = chat.id;
  session.headId = null;
}

/** Runs a `/command`. Returns false when the chat is over. */
async function obey(session: Session, command: string): Promise<boolean> {
  const { terminal } = session.context;
  if (command === '/bye' || command === '/exit') return false;
  if (command === '/new') await beginChat(session);
  else if (command === '/?' || command === '/help') terminal.progress(terminal.say(texts.help));
  else terminal.progress(fill(terminal.say(texts.unknown), { command }));
  return true;
}

async function takeTurn(session: Session, content: string, lines: Interface): Promise<boolean> {
  if (content === '') return true;
  try {
    if (content.startsWith('/') && !content.includes('\n')) return await obey(session, content);
    await answerTurn(session, content, lines);
  } catch (error) {
    if (!isClusterError(error)) throw error;
    session.context.terminal.progress(explainError(session.context.terminal, error));
  }
  return true;
}

/** Chats on the terminal until the person has enough. Every turn is kept by the cluster, like those of the browser. */
export async function converse(context: Context, model: string, options: Options): Promise<void> {
  const { terminal } = context;
  const client = context.connect();
  const session: Session = { context, client, model, options, chatId: '', headId: null };
  await client.getModel(model.split(':')[0] ?? model, { signal: context.signal });
  await beginChat(session);
  terminal.progress(fill(terminal.say(texts.welcome), { model }));
  const lines = createInterface({ input: process.stdin, output: process.stdout, historySize: 500 });
  const end = () => lines.close();
  context.signal.addEventListener('abort', end);
  // outside of an answer Ctrl-C only gives a fresh line
  lines.on('SIGINT', () => {
    if (lines.listenerCount('SIGINT') > 1) return;
    terminal.progress('');
    lines.prompt();
  });
  try {
    for await (const content of readTurns(lines)) if (!(await takeTurn(session, content, lines))) break;
  } finally {
    context.signal.removeEventListener('abort', end);
    lines.close();
  }
}
