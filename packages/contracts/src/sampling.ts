/** How the next token is picked where a request says nothing: llama.cpp's own defaults. */
export const samplingDefaults = { temperature: 0.8, top_k: 40, top_p: 0.95, min_p: 0.05 } as const;
