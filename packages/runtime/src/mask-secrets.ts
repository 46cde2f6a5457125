const MASK = '[redacted]';

/** What a secret looks like, wherever it stands; the first group stays. */
const shapes: readonly RegExp[] = [
  /\b([a-z][a-z\d+.-]{0,30}:\/\/[^\s:/?#@"'\\]*:)[^\s/?#"'\\]*(?=@)/gi, // the password of a URL
  /([?&](?:password|token|secret|api_?key|access_token|sslpassword)=)[^&\s"'\\#]+/gi,
  /\b((?:bearer|basic)\s+)[\w+/=.~-]{6,}/gi,
  /\b(cai_(?:join|sk|host)_)[\w.-]{6,}/g,
  /\b(CLUSTER_AI_KEY(?:_PREVIOUS)?=)[^\s"'\\]+/g,
];

/** The same text without what looks like a secret: passwords in URLs, our own tokens and keys, credentials in headers. */
export const maskSecrets = (text: string): string => shapes.reduce((masked, shape) => masked.replace(shape, `$1${MASK}`), text);
