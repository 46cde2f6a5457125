const storages = ['Double', 'Float', 'Half', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool', 'BFloat16', 'ComplexDouble', 'ComplexFloat'];
const quantizedStorages = ['QUInt8', 'QInt8', 'QInt32', 'QUInt4x2', 'QUInt2x4'];
const torchTypes = [
  ...['float32', 'float', 'float64', 'double', 'float16', 'half', 'bfloat16', 'complex32', 'complex64', 'complex128', 'bool'],
  ...['uint8', 'uint16', 'uint32', 'uint64', 'int8', 'int16', 'short', 'int32', 'int', 'int64', 'long', 'quint8', 'qint8', 'qint32'],
  ...['float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu', 'float4_e2m1fn_x2'],
  ...['strided', 'sparse_coo', 'sparse_csr', 'per_tensor_affine', 'per_channel_affine'],
];

const pathNames = ['Path', 'PosixPath', 'WindowsPath', 'PurePath', 'PurePosixPath', 'PureWindowsPath'];

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
  types: ['SimpleNamespace'],
  io: ['BytesIO'],
  pathlib: pathNames,
  'pathlib._local': pathNames,
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
export const olderNames: Readonly<Record<string, string>> = { __builtin__: 'builtins', copy_reg: 'copyreg' };

/** Module and name, with a space between. */
export const allowedGlobals: ReadonlySet<string> = new Set([
  ...Object.entries(allowedNames).flatMap(([module, names]) => names.map((name) => `${module} ${name}`)),
  ...numpyTypes.map((name) => `numpy.dtypes ${name}`),
]);
