export const exampleKinds = ['curl', 'python', 'javascript', 'ollama', 'download'] as const;
export type ExampleKind = (typeof exampleKinds)[number];

export interface ExampleOf {
  readonly origin: string;
  readonly model: string;
  /** Whether it can be asked over the chat APIs, or only loaded from the registry. */
  readonly canChat: boolean;
  /** Of the latest version, where it has files. */
  readonly fileUrl: string;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const json = (value: unknown) => JSON.stringify(value);

function chatExamples({ origin, model }: ExampleOf): Partial<Record<ExampleKind, string>> {
  const body = json({ model, messages: [{ role: 'user', content: 'Hello!' }] });
  return {
    curl: `curl ${origin}/v1/chat/completions -H 'Content-Type: application/json' -H "Authorization: Bearer $CLUSTER_AI_KEY" -d ${quoted(body)}`,
    python: [
      'import os',
      'from openai import OpenAI',
      '',
      `client = OpenAI(base_url=${json(`${origin}/v1`)}, api_key=os.environ["CLUSTER_AI_KEY"])`,
      `answer = client.chat.completions.create(model=${json(model)}, messages=[{"role": "user", "content": "Hello!"}])`,
      'print(answer.choices[0].message.content)',
    ].join('\n'),
    javascript: [
      "import OpenAI from 'openai';",
      '',
      `const client = new OpenAI({ baseURL: ${json(`${origin}/v1`)}, apiKey: process.env.CLUSTER_AI_KEY });`,
      `const answer = await client.chat.completions.create({ model: ${json(model)}, messages: [{ role: 'user', content: 'Hello!' }] });`,
      'console.log(answer.choices[0].message.content);',
    ].join('\n'),
    ollama: `OLLAMA_HOST=${origin} ollama run ${quoted(model)}`,
  };
}

/** What somebody pastes elsewhere to use a model, by tool. */
export function toExamples(of: ExampleOf): readonly { readonly kind: ExampleKind; readonly text: string }[] {
  const { origin, model, canChat, fileUrl } = of;
  const all: Partial<Record<ExampleKind, string>> = {
    ...(canChat
      ? chatExamples(of)
      : {
          python: [
            'from model_registry import ModelRegistry',
            '',
            `registry = ModelRegistry(${json(origin)})`,
            `model = registry.load_model(${json(model)})`,
          ].join('\n'),
        }),
    download: `curl -fLOJ -C - -H "Authorization: Bearer $CLUSTER_AI_KEY" ${quoted(fileUrl)}`,
  };
  return exampleKinds.flatMap((kind) => (all[kind] === undefined ? [] : [{ kind, text: all[kind] }]));
}
