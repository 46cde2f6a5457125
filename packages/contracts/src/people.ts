import { z } from 'zod';
import { keyLimitsShape, meShape, modelPatternsShape, roleShape } from './access.ts';
import { roles } from './permissions.ts';

/** Shapes of people, their sessions and the links that bring them in. */

/** Any case is taken, lower case is kept: `Ana` and `ana` are one person. */
export const loginNameShape = z
  .string()
  .max(200)
  .transform((value) => value.normalize('NFKC').trim().toLowerCase())
  .pipe(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9._@+-]{0,63}$/, 'use 1 to 64 letters, digits or . _ @ + -, beginning with a letter or digit')
      .meta({ id: 'LoginName' }),
  );

// no control characters, and none that change the direction of what follows: names are printed in terminals and logs
const displayNameShape = z
  .string()
  .trim()
  .max(120)
  .regex(/^[^\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u, 'use no control characters');
const emailShape = z.email().max(254);

/** What people read. Whoever asks for a mail knows it best. */
export const mailLanguages = ['en', 'pt-BR'] as const;
export type MailLanguage = (typeof mailLanguages)[number];
const mailLanguageShape = z.enum(mailLanguages);
const letterLanguageShape = mailLanguageShape.optional().describe('Of the mail; left out: as `mail.language` of the configuration has it.');

/** Long enough for every passphrase; what makes a password a good one is judged when it is set. */
const passwordShape = z.string().min(1).max(1024);
const codeShape = z.string().trim().min(6).max(40).describe('Of the authenticator app, or a recovery code.');
const linkTokenShape = z.string().min(1).max(200);

export const personStates = ['active', 'disabled'] as const;

export const personKinds = ['person', 'service'] as const;

export const personShape = z
  .object({
    id: z.string(),
    kind: z.enum(personKinds).describe('`service`: an account for programs; nobody signs in with it, it only has keys.'),
    name: z.string().describe('What the person signs in with.'),
    displayName: z.string(),
    email: z.string().nullable(),
    role: z.enum(roles),
    state: z.enum(personStates),
    hasPassword: z.boolean(),
    hasTotp: z.boolean(),
    createdAt: z.iso.datetime(),
    lastSignInAt: z.iso.datetime().nullable(),
    models: z.array(z.string()).nullable().describe('Name patterns of the models that may be used, keys included; null for all.'),
    limits: keyLimitsShape.describe('Of everything together: own sessions and all own keys.'),
  })
  .meta({ id: 'Person' });
export type Person = z.infer<typeof personShape>;
export const personListShape = z.object({ people: z.array(personShape) }).meta({ id: 'PersonList' });

export const createPersonShape = z
  .object({
    name: loginNameShape,
    role: roleShape.default('developer'),
    displayName: displayNameShape.default(''),
    email: emailShape.nullable().default(null).describe('Gets the link, where mail is configured.'),
    language: letterLanguageShape,
  })
  .meta({ id: 'CreatePerson' });
export type CreatePersonInput = z.input<typeof createPersonShape>;
export const createServiceAccountShape = z
  .object({
    name: loginNameShape,
    role: roleShape.default('developer'),
    displayName: displayNameShape.default(''),
    models: modelPatternsShape.nullable().default(null),
    limits: keyLimitsShape.default({}),
  })
  .meta({ id: 'CreateServiceAccount' });
export type CreateServiceAccountInput = z.input<typeof createServiceAccountShape>;
export const updatePersonShape = z
  .object({
    role: roleShape.optional(),
    state: z.enum(personStates).optional(),
    displayName: displayNameShape.optional(),
    email: emailShape.nullable().optional(),
    models: modelPatternsShape.nullable().optional(),
    limits: keyLimitsShape.optional(),
  })
  .meta({ id: 'UpdatePerson' });
export type UpdatePersonInput = z.input<typeof updatePersonShape>;

/** A link that works once. Its token is told only now. */
export const oneUseLinkShape = z
  .object({
    token: z.string(),
    path: z.string().describe('Of the page below the address of the cluster; the token is behind the `#`, which browsers do not send.'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'OneUseLink' });
export type OneUseLink = z.infer<typeof oneUseLinkShape>;

/** A link, and whether it is on its way by mail. */
export const sentLinkShape = oneUseLinkShape
  .extend({
    mailedTo: z
      .string()
      .nullable()
      .describe('The address that it is on its way to; null where nothing is sent. What became of it is in the audit record.'),
  })
  .meta({ id: 'SentLink' });
export type SentLink = z.infer<typeof sentLinkShape>;

/** A person who has no password yet, and the link by which one is chosen. */
export const createdPersonShape = z.object({ person: personShape, link: sentLinkShape }).meta({ id: 'CreatedPerson' });
export type CreatedPerson = z.infer<typeof createdPersonShape>;

export const invitePersonShape = z
  .object({
    role: roleShape.default('developer'),
    ttlSeconds: z
      .int()
      .min(60)
      .max(30 * 86_400)
      .default(7 * 86_400),
    email: emailShape.nullable().default(null).describe('Gets the link, where mail is configured.'),
    language: letterLanguageShape,
  })
  .meta({ id: 'InvitePerson' });
export type InvitePersonInput = z.input<typeof invitePersonShape>;

/** What a newcomer says: by the set-up link, or by an invitation. */
export const newcomerShape = z
  .object({ token: linkTokenShape, name: loginNameShape, password: passwordShape, displayName: displayNameShape.default('') })
  .meta({ id: 'Newcomer' });
export type Newcomer = z.input<typeof newcomerShape>;
export const choosePasswordShape = z
  .object({
    token: linkTokenShape,
    password: passwordShape,
    code: codeShape.optional().describe('Asked for where the person asked for the link without signing in, and has codes switched on.'),
  })
  .meta({ id: 'ChoosePassword' });
export type ChoosePasswordInput = z.input<typeof choosePasswordShape>;
export const resetPasswordShape = z.object({ language: letterLanguageShape }).meta({ id: 'ResetPassword' });
export type ResetPasswordInput = z.input<typeof resetPasswordShape>;
export const forgottenPasswordShape = z
  .object({
    person: z.string().min(1).max(254).describe('The name that one signs in with, or the e-mail address.'),
    language: letterLanguageShape,
  })
  .meta({ id: 'ForgottenPassword' });
export type ForgottenPasswordInput = z.input<typeof forgottenPasswordShape>;

export const setupStateShape = z
  .object({ isOpen: z.boolean().describe('Whether the first admin is still to come.') })
  .meta({ id: 'SetupState' });

export const signInShape = z
  .object({ name: z.string().max(200), password: passwordShape, code: codeShape.optional() })
  .meta({ id: 'SignIn' });
export type SignInInput = z.input<typeof signInShape>;

export const signInOptionsShape = z
  .object({
    oidc: z
      .object({ label: z.string().describe('What the button says.') })
      .nullable()
      .describe('A provider of the company, at `/api/v1/sign-in/oidc/start`; null where none is configured.'),
    mail: z.boolean().describe('Whether links can be sent by mail: to who forgot the password, and to who is invited.'),
  })
  .meta({ id: 'SignInOptions' });
export type SignInOptions = z.infer<typeof signInOptionsShape>;

export const profileShape = meShape
  .extend({
    person: personShape.nullable().describe('null for keys, the host and `local`.'),
    csrfToken: z.string().nullable().describe('Of a session in a cookie: what changes something sends it as `x-csrf-token`.'),
  })
  .meta({ id: 'Profile' });
export type Profile = z.infer<typeof profileShape>;
export const updateProfileShape = z
  .object({
    displayName: displayNameShape.optional(),
    email: emailShape.nullable().optional().describe('A new one needs `currentPassword`: links for new passwords go there.'),
    currentPassword: passwordShape.optional(),
    password: z.object({ old: passwordShape, new: passwordShape }).optional(),
  })
  .meta({ id: 'UpdateProfile' });
export type UpdateProfileInput = z.input<typeof updateProfileShape>;

export const sessionShape = z
  .object({
    id: z.string(),
    kind: z.enum(['browser', 'tokens']).describe('`tokens`: a program holds tokens instead of a cookie.'),
    isCurrent: z.boolean(),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    address: z.string(),
    program: z.string().describe('What the browser or program called itself at sign-in.'),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionShape>;
export const sessionListShape = z.object({ sessions: z.array(sessionShape) }).meta({ id: 'SessionList' });

export const totpSeedShape = z
  .object({
    secret: z.string().describe('Base 32, for apps that cannot scan.'),
    uri: z.string().describe('`otpauth://…`, for the QR code.'),
  })
  .meta({ id: 'TotpSeed' });
export type TotpSeed = z.infer<typeof totpSeedShape>;
export const confirmTotpShape = z.object({ code: codeShape }).meta({ id: 'ConfirmTotp' });
export const disableTotpShape = z.object({ password: passwordShape }).meta({ id: 'DisableTotp' });
export const recoveryCodesShape = z
  .object({ recoveryCodes: z.array(z.string()).describe('Each is good for one sign-in. Shown once.') })
  .meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.infer<typeof recoveryCodesShape>;

// what browsers give and take, in the JSON form of WebAuthn level 3; its content is checked where it is verified
const webAuthnText = z.string().max(32_768);
const webAuthnOptionsShape = z.record(z.string(), z.unknown());
const credentialShape = <Response extends z.ZodObject>(response: Response) =>
  z.object({
    id: z.string().min(1).max(1400),
    rawId: z.string().min(1).max(1400),
    type: z.literal('public-key'),
    response,
    clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  });

export const passkeyShape = z
  .object({
    id: z.string(),
    name: z.string(),
    host: z.string().describe('The host name at which it works.'),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Passkey' });
export type Passkey = z.infer<typeof passkeyShape>;
export const passkeyListShape = z.object({ passkeys: z.array(passkeyShape) }).meta({ id: 'PasskeyList' });
export const passkeyOptionsShape = z
  .object({ options: webAuthnOptionsShape.describe('For `navigator.credentials.create` or `get`; good once, for five minutes.') })
  .meta({ id: 'PasskeyOptions' });
export type PasskeyOptions = z.infer<typeof passkeyOptionsShape>;
export const beginPasskeyShape = z.object({ password: passwordShape }).meta({ id: 'BeginPasskey' });
export const addPasskeyShape = z
  .object({
    name: displayNameShape.default(''),
    credential: credentialShape(z.object({ clientDataJSON: webAuthnText, attestationObject: webAuthnText })),
  })
  .meta({ id: 'AddPasskey' });
export type AddPasskeyInput = z.input<typeof addPasskeyShape>;
export const passkeySignInShape = z
  .object({
    credential: credentialShape(
      z.object({
        clientDataJSON: webAuthnText,
        authenticatorData: webAuthnText,
        signature: webAuthnText,
        userHandle: webAuthnText.optional(),
      }),
    ),
  })
  .meta({ id: 'PasskeySignIn' });
export type PasskeySignInInput = z.input<typeof passkeySignInShape>;

/** For programs of a person that want tokens instead of a cookie. */
export const tokensShape = z
  .object({
    accessToken: z.string().describe('A JWT. Send it as `Authorization: Bearer …`.'),
    tokenType: z.literal('Bearer'),
    expiresInSeconds: z.int(),
    refreshToken: z.string().describe('Good for one refresh. Using one a second time ends the session: somebody else has it.'),
  })
  .meta({ id: 'Tokens' });
export type Tokens = z.infer<typeof tokensShape>;
export const refreshTokensShape = z.object({ refreshToken: z.string().min(1).max(300) }).meta({ id: 'RefreshTokens' });
