/** What kubectl refuses in the context that is used, in words for the person who wrote it. */
import { accessSync, constants } from 'node:fs';
import type { Cluster } from '@kubernetes/client-node';
import type { KubeconfigUser } from './kubeconfig-files.ts';

const PROXY_SCHEMES = ['http:', 'https:', 'socks5:'];

/** The first fault; undefined when there is none. */
export function clusterFault({ name, server, caData, caFile, proxyUrl }: Cluster): string | undefined {
  const cluster = `cluster "${name}"`;
  if (!server) return `${cluster} has no server`;
  if (!URL.canParse(server)) return `${cluster}: server "${server}" is no URL`;
  if (caData && caFile) return `${cluster} has both certificate-authority-data and certificate-authority`;
  if (proxyUrl && !(URL.canParse(proxyUrl) && PROXY_SCHEMES.includes(new URL(proxyUrl).protocol)))
    return `${cluster}: proxy-url must begin with http, https or socks5`;
  return unreadable(cluster, { 'certificate-authority': caFile });
}

/** The first fault; undefined when there is none. */
export function userFault(user: KubeconfigUser): string | undefined {
  const { name, certData, certFile, keyData, keyFile, impersonation } = user;
  const who = `user "${name}"`;
  if (user.token && (user.username || user.password))
    return `${who} has both a token and a name with a password`;
  if (certData && certFile) return `${who} has both client-certificate-data and client-certificate`;
  if (keyData && keyFile) return `${who} has both client-key-data and client-key`;
  if ((certData || certFile) && !keyData && !keyFile) return `${who} has a certificate and no client-key`;
  if (impersonation && !impersonation.user) return `${who} has as-uid, as-groups or as-user-extra, and no as`;
  const { tokenFile } = (user.authProvider?.config ?? {}) as { readonly tokenFile?: string };
  return unreadable(who, { 'client-certificate': certFile, 'client-key': keyFile, tokenFile });
}

function unreadable(whose: string, files: Readonly<Record<string, string | undefined>>): string | undefined {
  for (const [field, file] of Object.entries(files)) {
    if (file === undefined) continue;
    try {
      accessSync(file, constants.R_OK);
    } catch {
      return `${whose}: ${field} ${file} cannot be read`;
    }
  }
  return undefined;
}
