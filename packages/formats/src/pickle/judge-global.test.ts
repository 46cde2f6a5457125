import { describe, expect, test } from 'vitest';
import { judgeGlobal } from './judge-global.ts';

test.each([
  ['collections', 'OrderedDict'],
  ['torch._utils', '_rebuild_tensor_v2'],
  ['torch', 'BFloat16Storage'],
  ['numpy._core.multiarray', '_reconstruct'],
  ['__builtin__', 'set'],
  ['copy_reg', '_reconstructor'],
  ['pathlib', 'PosixPath'],
])('%s %s is allowed', (module, name) => {
  expect(judgeGlobal(module, name)).toBe('allowed');
});

describe('attack R12: a name that is not on the list', () => {
  test.each([
    ['sklearn.linear_model', 'LogisticRegression'],
    ['joblib.numpy_pickle', 'NumpyArrayWrapper'],
    ['__main__', 'Net'],
    ['torch', 'OrderedDict'],
    ['collections', 'OrderedDict.fromkeys'],
    ['Collections', 'OrderedDict'],
    ['collections.OrderedDict', ''],
    ['torch._utils', '_rebuild_tensor_v2 '],
    ['__torch__.net', 'Module'],
  ])('%s %s is unknown', (module, name) => {
    expect(judgeGlobal(module, name)).toBe('unknown');
  });

  test.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'getattr'],
    ['subprocess', 'Popen'],
    ['asyncio.unix_events', '_UnixSubprocessTransport._start'],
    ['torch', 'serialization.os.system'],
    ['numpy', 'testing._private.utils.runstring'],
    ['torch.hub', 'load'],
    ['torch.storage', '_load_from_bytes'],
    ['collections', 'OrderedDict.__init__.__globals__'],
    ['pathlib', 'Path.write_text'],
    ['operator', 'attrgetter'],
    ['joblib', 'load'],
    ['pip', 'main'],
  ])('%s %s is dangerous', (module, name) => {
    expect(judgeGlobal(module, name)).toBe('dangerous');
  });
});
