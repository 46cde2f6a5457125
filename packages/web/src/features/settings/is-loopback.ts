/** Whether only this machine reaches an address, as listeners write it: `127.0.0.1:3000`, `[::1]:3000`, `localhost:3000`, with or without a scheme. */
export function isLoopback(address: string): boolean {
  const host = address.replace(/^\w+:\/\//, '').replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
