export { type FakeModel, fakeModelShape, inspectFakeModel, readFakeModel } from './fake-model/fake-model.ts';
export { inspectGguf } from './gguf/inspect-gguf.ts';
export { toParameterSize } from './gguf/to-facts.ts';
export { inspectFile } from './inspect-file.ts';
export type { InspectionLimits } from './inspection/budget.ts';
