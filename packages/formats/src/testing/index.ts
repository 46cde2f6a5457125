export { type Corruption, corruptGguf, corruptions } from './corrupt-gguf.ts';
export { makeTinyGguf, type TinyGguf, type TinyGgufOptions, type TinyPreset, tinyPresets } from './make-tiny-gguf.ts';
