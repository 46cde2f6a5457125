import { z } from 'zod';

/** Options in Ollama's words, since that is what people have written down. */
export const generationOptionsShape = z
  .object({
    temperature: z.number().min(0).max(5).optional(),
    top_p: z.number().min(0).max(1).optional(),
    top_k: z.int().min(0).optional(),
    min_p: z.number().min(0).max(1).optional(),
    seed: z.int().optional(),
    max_tokens: z.int().min(1).optional(),
    stop: z.array(z.string()).max(16).optional(),
    system: z.string().optional(),
  })
  .meta({ id: 'GenerationOptions' });
export type GenerationOptions = z.infer<typeof generationOptionsShape>;
