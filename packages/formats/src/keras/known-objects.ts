/** Modules of Keras whose objects are built from numbers and names and run nothing of the file's own. */
const dataModules = [
  'layers',
  'initializers',
  'regularizers',
  'constraints',
  'activations',
  'optimizers',
  'optimizers.schedules',
  'losses',
  'metrics',
  'models',
  'ops',
  'random',
  'quantizers',
  'dtype_policies',
  'distribution',
  'src.engine.sequential',
  'src.engine.functional',
  'src.models.functional',
  'src.models.sequential',
  'src.models.model',
  'src.dtype_policies.dtype_policy',
  'src.ops',
  'src.layers',
  'src.backend.common.keras_tensor',
];

const isDataModule = (module: string) =>
  ['keras', 'tensorflow.keras', 'tf_keras'].some((root) => {
    if (module === root) return true;
    const inner = module.startsWith(`${root}.`) ? module.slice(root.length + 1) : '';
    return dataModules.some((known) => inner === known || (known.startsWith('src.') && inner.startsWith(`${known}.`)));
  });

/** Classes that carry code, or load it from somewhere. */
const codeClasses: ReadonlySet<string> = new Set([
  'Lambda',
  'TFSMLayer',
  'TorchModuleWrapper',
  'JaxLayer',
  'FlaxLayer',
  'StaticModule',
  '__lambda__',
]);

/** What Keras writes for values that are no objects of its own. */
const valueClasses: ReadonlySet<string> = new Set([
  ...['__tensor__', '__numpy__', '__keras_tensor__', '__bytes__', '__ellipsis__', '__slice__', '__tuple__', '__complex__', '__inert__'],
  ...['__typespec__', '__dtype__'],
]);

/** Classes of the older form, which names no module. */
const olderClasses: ReadonlySet<string> = new Set([
  ...[
    'Sequential',
    'Functional',
    'Model',
    'InputLayer',
    'Dense',
    'Activation',
    'Embedding',
    'Masking',
    'Dropout',
    'Flatten',
    'Reshape',
    'Permute',
  ],
  ...[
    'RepeatVector',
    'Conv1D',
    'Conv2D',
    'Conv3D',
    'SeparableConv1D',
    'SeparableConv2D',
    'DepthwiseConv1D',
    'DepthwiseConv2D',
    'Conv1DTranspose',
  ],
  ...[
    'Conv2DTranspose',
    'Conv3DTranspose',
    'MaxPooling1D',
    'MaxPooling2D',
    'MaxPooling3D',
    'AveragePooling1D',
    'AveragePooling2D',
    'AveragePooling3D',
  ],
  ...[
    'GlobalMaxPooling1D',
    'GlobalMaxPooling2D',
    'GlobalMaxPooling3D',
    'GlobalAveragePooling1D',
    'GlobalAveragePooling2D',
    'GlobalAveragePooling3D',
  ],
  ...[
    'LSTM',
    'GRU',
    'SimpleRNN',
    'RNN',
    'LSTMCell',
    'GRUCell',
    'SimpleRNNCell',
    'StackedRNNCells',
    'TimeDistributed',
    'Bidirectional',
    'ConvLSTM1D',
  ],
  ...['ConvLSTM2D', 'ConvLSTM3D', 'BatchNormalization', 'LayerNormalization', 'UnitNormalization', 'GroupNormalization', 'GaussianNoise'],
  ...['GaussianDropout', 'AlphaDropout', 'SpatialDropout1D', 'SpatialDropout2D', 'SpatialDropout3D', 'MultiHeadAttention', 'Attention'],
  ...['AdditiveAttention', 'ZeroPadding1D', 'ZeroPadding2D', 'ZeroPadding3D', 'Cropping1D', 'Cropping2D', 'Cropping3D', 'UpSampling1D'],
  ...[
    'UpSampling2D',
    'UpSampling3D',
    'Concatenate',
    'Average',
    'Maximum',
    'Minimum',
    'Add',
    'Subtract',
    'Multiply',
    'Dot',
    'ReLU',
    'Softmax',
  ],
  ...[
    'LeakyReLU',
    'PReLU',
    'ELU',
    'ThresholdedReLU',
    'Rescaling',
    'Resizing',
    'Normalization',
    'CategoryEncoding',
    'Discretization',
    'Hashing',
  ],
  ...['StringLookup', 'IntegerLookup', 'TextVectorization', 'CenterCrop', 'RandomFlip', 'RandomRotation', 'RandomZoom', 'RandomCrop'],
  ...['GlorotUniform', 'GlorotNormal', 'HeUniform', 'HeNormal', 'LecunUniform', 'LecunNormal', 'Zeros', 'Ones', 'Constant', 'RandomNormal'],
  ...[
    'RandomUniform',
    'TruncatedNormal',
    'VarianceScaling',
    'Orthogonal',
    'Identity',
    'L1',
    'L2',
    'L1L2',
    'MaxNorm',
    'NonNeg',
    'UnitNorm',
    'MinMaxNorm',
  ],
  ...['Policy', 'DTypePolicy', 'SGD', 'Adam', 'AdamW', 'RMSprop', 'Adagrad', 'Adadelta', 'Adamax', 'Nadam', 'Ftrl', 'Lion'],
]);

/** An object as a configuration names it. */
export interface NamedObject {
  readonly className: string;
  readonly module: string | undefined;
  readonly registeredName: string | undefined;
}

const isBuiltIn = ({ className, registeredName }: NamedObject) =>
  registeredName === undefined || registeredName === className || registeredName.startsWith('keras>');

/** What Keras would do for an object of a configuration. Only what is known to be built from data alone is `known`. Pure. */
export function judgeObject(object: NamedObject): 'known' | 'custom' | 'code' {
  const { className, module } = object;
  if (codeClasses.has(className)) return 'code';
  if (valueClasses.has(className)) return 'known';
  if (module === undefined) return olderClasses.has(className) ? 'known' : 'custom';
  if (module === 'builtins' && className === 'function') return 'custom';
  // a function of Keras itself is no class: `keras.utils.get_file` was called that way
  if (className === 'function' || module.split('.').includes('utils')) return 'code';
  if (isDataModule(module) && isBuiltIn(object)) return 'known';
  return /^(keras|tensorflow|tf_keras)(\.|$)/.test(module) || module === 'builtins' ? 'custom' : judgeForeign(module);
}

/** Packages that no layer comes from. */
const judgeForeign = (module: string) =>
  /^(os|sys|subprocess|builtins|posix|nt|shutil|importlib|socket|pickle|runpy)(\.|$)/.test(module) ? 'code' : 'custom';
