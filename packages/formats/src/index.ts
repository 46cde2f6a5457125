export { type FakeModel, fakeModelShape, inspectFakeModel, readFakeModel } from './fake-model/fake-model.ts';
export { inspectGguf } from './gguf/inspect-gguf.ts';
export { toParameterSize } from './gguf/to-facts.ts';
