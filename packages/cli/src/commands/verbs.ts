import type { Verb } from '../verb.ts';
import { auditCheckpoints } from './audit/checkpoints.ts';
import { auditExport } from './audit/export.ts';
import { auditLs } from './audit/ls.ts';
import { auditVerify } from './audit/verify.ts';
import { backupCreate } from './backup/create.ts';
import { backupRestore } from './backup/restore.ts';
import { certsLs } from './certs/ls.ts';
import { certsRenew } from './certs/renew.ts';
import { run } from './chat/run.ts';
import { doctor } from './cluster/doctor.ts';
import { down } from './cluster/down.ts';
import { join } from './cluster/join.ts';
import { logs } from './cluster/logs.ts';
import { open } from './cluster/open.ts';
import { status } from './cluster/status.ts';
import { trust } from './cluster/trust.ts';
import { up } from './cluster/up.ts';
import { completion } from './completion.ts';
import { computeConnect } from './compute/connect.ts';
import { computeDisable } from './compute/disable.ts';
import { computeEnable } from './compute/enable.ts';
import { computeProfile } from './compute/profile.ts';
import { computeScale } from './compute/scale.ts';
import { computeStatus } from './compute/status.ts';
import { configShow } from './config/show.ts';
import { keysCreate } from './keys/create.ts';
import { keysLs } from './keys/ls.ts';
import { keysRevoke } from './keys/revoke.ts';
import { keysUsage } from './keys/usage.ts';
import { modelsAdd } from './models/add.ts';
import { modelsAlias } from './models/alias.ts';
import { modelsAllow } from './models/allow.ts';
import { modelsCp } from './models/cp.ts';
import { modelsDiff } from './models/diff.ts';
import { modelsExport } from './models/export.ts';
import { modelsFound } from './models/found.ts';
import { modelsGc } from './models/gc.ts';
import { modelsLs } from './models/ls.ts';
import { modelsPull } from './models/pull.ts';
import { modelsPush } from './models/push.ts';
import { modelsRegister } from './models/register.ts';
import { modelsRm } from './models/rm.ts';
import { modelsShow } from './models/show.ts';
import { modelsTag } from './models/tag.ts';
import { modelsVerify } from './models/verify.ts';
import { modelsVersions } from './models/versions.ts';
import { nodesApprove } from './nodes/approve.ts';
import { nodesInvite } from './nodes/invite.ts';
import { nodesLs } from './nodes/ls.ts';
import { nodesRm } from './nodes/rm.ts';
import { nodesShow } from './nodes/show.ts';
import { operationsCancel } from './operations/cancel.ts';
import { operationsLs } from './operations/ls.ts';
import { rolesGrant, rolesRevoke } from './roles/grant.ts';
import { rolesLs } from './roles/ls.ts';
import { secretsLs } from './secrets/ls.ts';
import { secretsRm } from './secrets/rm.ts';
import { secretsRotate } from './secrets/rotate.ts';
import { secretsSet } from './secrets/set.ts';
import { secretsStatus } from './secrets/status.ts';
import { tasksCancel, tasksRetry } from './tasks/change.ts';
import { tasksLogs } from './tasks/logs.ts';
import { tasksLs } from './tasks/ls.ts';
import { tasksResult } from './tasks/result.ts';
import { tasksRm } from './tasks/rm.ts';
import { tasksShow } from './tasks/show.ts';
import { tasksSubmit } from './tasks/submit.ts';
import { usersAdd } from './users/add.ts';
import { usersDisable, usersEnable } from './users/disable.ts';
import { usersErase } from './users/erase.ts';
import { usersExport } from './users/export.ts';
import { usersLimit } from './users/limit.ts';
import { usersLs } from './users/ls.ts';
import { usersResetPassword } from './users/reset-password.ts';
import { usersRm } from './users/rm.ts';
import { usersRole } from './users/role.ts';
import { usersSessions } from './users/sessions.ts';
import { usersUsage } from './users/usage.ts';

/** Every command, in the order of the help. A new one is one file and one line here. */
export const verbs: readonly Verb[] = [
  up,
  down,
  status,
  run,
  open,
  logs,
  doctor,
  join,
  nodesLs,
  nodesShow,
  nodesInvite,
  nodesApprove,
  nodesRm,
  modelsLs,
  modelsShow,
  modelsAdd,
  modelsFound,
  modelsRegister,
  modelsVersions,
  modelsAlias,
  modelsAllow,
  modelsTag,
  modelsDiff,
  modelsCp,
  modelsVerify,
  modelsExport,
  modelsPull,
  modelsPush,
  modelsGc,
  modelsRm,
  operationsLs,
  operationsCancel,
  computeEnable,
  computeDisable,
  computeStatus,
  computeScale,
  computeProfile,
  computeConnect,
  tasksSubmit,
  tasksLs,
  tasksShow,
  tasksLogs,
  tasksResult,
  tasksCancel,
  tasksRetry,
  tasksRm,
  keysLs,
  keysCreate,
  keysRevoke,
  keysUsage,
  usersLs,
  usersAdd,
  usersRole,
  usersDisable,
  usersEnable,
  usersRm,
  usersResetPassword,
  usersSessions,
  usersLimit,
  usersUsage,
  rolesLs,
  rolesGrant,
  rolesRevoke,
  usersExport,
  usersErase,
  auditLs,
  auditVerify,
  auditExport,
  secretsLs,
  secretsSet,
  secretsRm,
  secretsStatus,
  secretsRotate,
  auditCheckpoints,
  certsLs,
  certsRenew,
  trust,
  backupCreate,
  backupRestore,
  configShow,
  completion,
];
