import type { Inspecting } from '../inspection/report.ts';

const python = /^(Eager)?PyFunc(Stateless)?$|^Py\w*Callback/;

/** Operators that read, write or list files that the graph names, or load libraries; saving and restoring of its own weights apart. */
const files: ReadonlySet<string> = new Set([
  ...['ReadFile', 'WriteFile', 'MatchingFiles', 'LoadLibrary', 'ImmutableConst', 'WholeFileReader', 'WholeFileReaderV2', 'TextLineReader'],
  ...['TextLineReaderV2', 'FixedLengthRecordReader', 'FixedLengthRecordReaderV2', 'TFRecordReader', 'TFRecordReaderV2', 'LMDBReader'],
  ...['MatchingFilesDataset', 'TextLineDataset', 'TextLineDatasetV2', 'TFRecordDataset', 'TFRecordDatasetV2', 'FixedLengthRecordDataset'],
  ...[
    'FixedLengthRecordDatasetV2',
    'LMDBDataset',
    'SqlDataset',
    'CSVDataset',
    'CSVDatasetV2',
    'SaveDataset',
    'SaveDatasetV2',
    'LoadDataset',
  ],
  ...['SnapshotDataset', 'SnapshotDatasetV2', 'DatasetToTFRecord', 'WriteSummary', 'CreateSummaryFileWriter', 'WriteRawProtoSummary'],
  ...[
    'DebugIdentity',
    'DebugIdentityV2',
    'DebugIdentityV3',
    'DebugNumericSummary',
    'DebugNanCount',
    'PrintV2',
    'Print',
    'RpcCall',
    'RpcClient',
  ],
]);

/** Operators that are harmless where they come from us, and a way to other machines or to much work where they do not. */
const unusual = /^(Rpc|DataService|TPU|Collective|_Send|_Recv|ConfigureDistributed|InitializeTableFromTextFile$|XlaLaunch)/;

/** Tells what an operator of a graph could do to the machine that runs it. */
export function checkOperator(operator: string, find: Inspecting['find']): void {
  if (python.test(operator)) find('operator_runs_python', operator);
  else if (files.has(operator)) find('operator_touches_files', operator);
  else if (unusual.test(operator)) find('operator_unusual', operator);
}
