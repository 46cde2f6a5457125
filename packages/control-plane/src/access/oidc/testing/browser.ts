/** As much of a browser as a sign-in needs: cookies for each site, redirects, and forms that somebody fills in. */
export interface Browser {
  /** Goes on by redirects and forms until it comes to an address that begins so, which it does not open. */
  goUntil(url: string, prefix: string, login: string): Promise<string>;
  /** Opens one address, without going on. */
  open(url: string, options?: { readonly form?: URLSearchParams; readonly headers?: Record<string, string> }): Promise<Response>;
  cookies(url: string): ReadonlyMap<string, string>;
}

const attribute = (tag: string, name: string) => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1];

/** The one form of a page, filled in. */
function fillIn(html: string, login: string): { readonly action: string; readonly form: URLSearchParams } {
  const action = attribute(/<form[^>]*>/.exec(html)?.[0] ?? '', 'action');
  if (action === undefined) throw new Error(`There is no form in: ${html.slice(0, 2000)}`);
  const form = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const name = attribute(tag, 'name');
    if (name !== undefined) form.set(name, name === 'login' || name === 'password' ? login : (attribute(tag, 'value') ?? ''));
  }
  return { action, form };
}

export function createBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { origin } = new URL(url);
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };
  function keep(url: string, response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', ...value] = pair.split('=');
      if (value.join('=') === '') jarOf(url).delete(name);
      else jarOf(url).set(name, value.join('='));
    }
  }
  async function open(url: string, { form, headers = {} }: { form?: URLSearchParams; headers?: Record<string, string> } = {}) {
    const cookie = [...jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { ...(cookie === '' ? {} : { cookie }), ...headers },
      ...(form === undefined ? {} : { body: form }),
    });
    keep(url, response);
    return response;
  }
  return {
    open,
    cookies: jarOf,
    async goUntil(first, prefix, login) {
      let url = first;
      let form: URLSearchParams | undefined;
      for (let steps = 0; steps < 20; steps++) {
        const response = await open(url, form === undefined ? {} : { form });
        const location = response.headers.get('location');
        const html = await response.text();
        if (location !== null) {
          url = new URL(location, url).href;
          form = undefined;
          if (url.startsWith(prefix)) return url;
        } else {
          const filled = fillIn(html, login);
          url = new URL(filled.action, url).href;
          form = filled.form;
        }
      }
      throw new Error(`The way from ${first} to ${prefix} does not end.`);
    },
  };
}
