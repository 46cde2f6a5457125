/** What is known of a name that a pickle imports. */
export type GlobalVerdict = 'allowed' | 'unknown' | 'dangerous';

const storages = ['Double', 'Float', 'Half', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool', 'BFloat16', 'ComplexDouble', 'ComplexFloat'];
const quantizedStorages = ['QUInt8', 'QInt8', 'QInt32', 'QUInt4x2', 'QUInt2x4'];
const torchTypes = [
  ...['float32', 'float', 'float64', 'double', 'float16', 'half', 'bfloat16', 'complex32', 'complex64', 'complex128', 'bool'],
  ...['uint8', 'uint16', 'uint32', 'uint64', 'int8', 'int16', 'short', 'int32', 'int', 'int64', 'long', 'quint8', 'qint8', 'qint32'],
  ...['float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu', 'float4_e2m1fn_x2'],
  ...['strided', 'sparse_coo', 'sparse_csr', 'per_tensor_affine', 'per_channel_affine'],
];

/** Names that build weights and plain data and do nothing else, whatever they are given. Exact: a name inside of a name is another one. */
const allowedNames: Readonly<Record<string, readonly string[]>> = {
  builtins: [
    'set',
    'frozenset',
    'bytearray',
    'complex',
    'slice',
    'range',
    'list',
    'dict',
    'tuple',
    'int',
    'float',
    'str',
    'bytes',
    'bool',
    'object',
  ],
  collections: ['OrderedDict', 'defaultdict', 'deque', 'Counter'],
  copyreg: ['_reconstructor'],
  _codecs: ['encode'],
  argparse: ['Namespace'],
  datetime: ['datetime', 'date', 'time', 'timedelta', 'timezone'],
  decimal: ['Decimal'],
  fractions: ['Fraction'],
  uuid: ['UUID'],
  torch: [
    'Size',
    'device',
    'Tensor',
    'FloatTensor',
    'LongTensor',
    ...storages.map((name) => `${name}Storage`),
    ...quantizedStorages.map((name) => `${name}Storage`),
    ...torchTypes,
  ],
  'torch.storage': ['UntypedStorage', 'TypedStorage', '_UntypedStorage', '_TypedStorage'],
  'torch._utils': [
    ...['_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_tensor_v3', '_rebuild_parameter', '_rebuild_parameter_with_state'],
    ...[
      '_rebuild_sparse_tensor',
      '_rebuild_sparse_csr_tensor',
      '_rebuild_qtensor',
      '_rebuild_meta_tensor_no_storage',
      '_rebuild_nested_tensor',
    ],
  ],
  'torch._tensor': ['_rebuild_from_type_v2'],
  'torch.nn.parameter': ['Parameter', 'Buffer'],
  'torch.serialization': ['_get_layout'],
  numpy: [
    'dtype',
    'ndarray',
    ...['bool_', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float16', 'float32', 'float64'],
  ],
  'numpy.core.multiarray': ['_reconstruct', 'scalar'],
  'numpy._core.multiarray': ['_reconstruct', 'scalar'],
  'numpy.core.numeric': ['_frombuffer'],
  'numpy._core.numeric': ['_frombuffer'],
};

const numpyTypes = [
  'Float64DType',
  'Float32DType',
  'Float16DType',
  'Int64DType',
  'Int32DType',
  'Int16DType',
  'Int8DType',
  'UInt8DType',
  'BoolDType',
];

/** Python 2's names of the same modules. */
const olderNames: Readonly<Record<string, string>> = { __builtin__: 'builtins', copy_reg: 'copyreg' };

const allowed: ReadonlySet<string> = new Set([
  ...Object.entries(allowedNames).flatMap(([module, names]) => names.map((name) => `${module} ${name}`)),
  ...numpyTypes.map((name) => `numpy.dtypes ${name}`),
]);

/** Packages with ways to run code or programs, or to reach files or the network. Everything in them counts, in whatever module below. */
const dangerousPackages: ReadonlySet<string> = new Set([
  ...[
    'os',
    'posix',
    'nt',
    'posixpath',
    'ntpath',
    'subprocess',
    '_posixsubprocess',
    'pty',
    'commands',
    'popen2',
    'platform',
    'signal',
    'resource',
  ],
  ...[
    'builtins',
    '__builtin__',
    'sys',
    '_sys',
    'importlib',
    '_frozen_importlib',
    'imp',
    '_imp',
    'runpy',
    'pkgutil',
    'zipimport',
    'zipapp',
    'site',
  ],
  ...[
    'sysconfig',
    'code',
    'codeop',
    'types',
    'inspect',
    'gc',
    'atexit',
    'operator',
    '_operator',
    'functools',
    '_functools',
    'ctypes',
    '_ctypes',
    'cffi',
  ],
  ...['pickle', '_pickle', 'cPickle', 'dill', 'cloudpickle', 'joblib', 'shelve', 'marshal', 'pandas', 'jsonpickle', 'copyreg', 'copy_reg'],
  ...[
    'shutil',
    'tempfile',
    'pathlib',
    'glob',
    'fileinput',
    'linecache',
    'io',
    '_io',
    'codecs',
    'mmap',
    'zipfile',
    'tarfile',
    'gzip',
    'bz2',
    'lzma',
  ],
  ...[
    'socket',
    '_socket',
    'ssl',
    'http',
    'httplib',
    'urllib',
    'urllib2',
    'requests',
    'httpx',
    'aiohttp',
    'ftplib',
    'smtplib',
    'telnetlib',
    'xmlrpc',
  ],
  ...[
    'webbrowser',
    'asyncio',
    'multiprocessing',
    'threading',
    '_thread',
    'concurrent',
    'socketserver',
    'wsgiref',
    'imaplib',
    'poplib',
    'nntplib',
  ],
  ...[
    'pdb',
    'bdb',
    'cProfile',
    'profile',
    'trace',
    'timeit',
    'doctest',
    'pydoc',
    'unittest',
    'test',
    'idlelib',
    'lib2to3',
    'rlcompleter',
    'readline',
  ],
  ...[
    'pip',
    'setuptools',
    'distutils',
    'ensurepip',
    'venv',
    'py_compile',
    'compileall',
    'logging',
    'warnings',
    'ast',
    'symtable',
    'sqlite3',
    'dbm',
  ],
  ...[
    'winreg',
    '_winreg',
    '_winapi',
    'msvcrt',
    'nturl2path',
    'antigravity',
    'this',
    'turtle',
    'tkinter',
    'curses',
    'fcntl',
    'termios',
    'crypt',
  ],
]);

/** Those of them that are told also where they are reached through another module, which has imported them for itself. */
const dangerousAnywhere: ReadonlySet<string> = new Set([
  ...['os', 'posix', 'nt', 'subprocess', '_posixsubprocess', 'pty', 'builtins', '__builtin__', 'sys', 'importlib', 'runpy', 'ctypes'],
  ...['pickle', '_pickle', 'cPickle', 'dill', 'cloudpickle', 'marshal', 'shutil', 'socket', '_socket', 'urllib', 'requests', 'webbrowser'],
]);

/** Modules inside of packages that are harmless otherwise. */
const dangerousModules: readonly string[] = [
  'torch.hub',
  'torch.jit',
  'torch.utils',
  'torch.distributed',
  'torch.multiprocessing',
  'torch.package',
  'torch.fx',
  'torch.onnx',
  'torch.testing',
  'torch._dynamo',
  'torch._inductor',
  'torch._C',
  'torch.ops',
  'torch.classes',
  'numpy.f2py',
  'numpy.distutils',
  'numpy.testing',
  'numpy.ctypeslib',
  'numpy.lib',
  'numpy.memmap',
  'keras.utils',
  'keras.src.utils',
  'tensorflow.io',
  'tensorflow.python.platform',
  'uuid._popen',
];

/** Functions that read or run something given to them. */
const dangerousFunctions: ReadonlySet<string> = new Set([
  'torch.load',
  'torch.save',
  'torch.compile',
  'torch.from_file',
  'torch.storage._load_from_bytes',
  'torch.serialization.load',
  'numpy.load',
  'numpy.save',
  'numpy.savetxt',
  'numpy.loadtxt',
  'numpy.fromfile',
  'numpy.genfromtxt',
  'numpy.fromregex',
]);

const isInside = (path: string, module: string) => path === module || path.startsWith(`${module}.`);

/**
 * Whether a name that a pickle imports may be used. Only what is on the list is: what nobody has looked at is unknown, and what is known
 * for harm is dangerous, also when it is reached through another module (`torch.serialization.os.system`). Pure.
 */
export function judgeGlobal(module: string, name: string): GlobalVerdict {
  if (allowed.has(`${olderNames[module] ?? module} ${name}`)) return 'allowed';
  const path = `${module}.${name}`;
  const parts = path.split('.');
  const isDangerous =
    dangerousPackages.has(parts[0] ?? '') ||
    parts.slice(0, -1).some((part) => dangerousAnywhere.has(part)) ||
    dangerousModules.some((known) => isInside(path, known)) ||
    dangerousFunctions.has(path) ||
    parts.some((part) => /^__(?!main__$|torch__$)\w+__$/.test(part));
  return isDangerous ? 'dangerous' : 'unknown';
}
