/** Tenants as Pinot keeps them: tags on instances. */
import type { Json } from './pinot-denial.ts';
import { Denial } from './pinot-denial.ts';

export class PinotTenants {
  /** Tags by instance: `flights_BROKER`, `flights_OFFLINE`, `flights_REALTIME`; none for one that serves no tenant. */
  readonly tags: Map<string, Set<string>> = new Map();

  constructor(brokers: number, servers: number) {
    // One of each kind serves the default tenant.
    for (let index = 0; index < brokers; index++)
      this.tags.set(`Broker_${index}_8099`, new Set(index === 0 ? ['DefaultTenant_BROKER'] : []));
    for (let index = 0; index < servers; index++)
      this.tags.set(
        `Server_${index}_8098`,
        new Set(index === 0 ? ['DefaultTenant_OFFLINE', 'DefaultTenant_REALTIME'] : []),
      );
  }

  /** The instances with a tag, sorted. */
  tagged(tag: string): string[] {
    return [...this.tags].filter(([, tags]) => tags.has(tag)).map(([instance]) => instance);
  }

  create(tenant: Json): Json {
    if (!this.#assign(tenant)) throw new Denial(500, 'Failed to create tenant');
    return { status: 'Successfully created tenant' };
  }

  update(tenant: Json): Json {
    if (!this.#assign(tenant)) throw new Denial(500, 'Failed to update tenant');
    return { status: 'Updated tenant' };
  }

  get(name: string, type: string): Json {
    if (type.toUpperCase() === 'BROKER') {
      const brokers = this.tagged(`${name}_BROKER`);
      if (brokers.length === 0)
        throw new Denial(404, `Failed to find any instances for broker tenant: ${name}`);
      return { BrokerInstances: brokers, tenantName: name };
    }
    const [offline, realtime] = [this.tagged(`${name}_OFFLINE`), this.tagged(`${name}_REALTIME`)];
    const servers = [...new Set([...offline, ...realtime])];
    if (servers.length === 0)
      throw new Denial(404, `Failed to find any instances for server tenant: ${name}`);
    return {
      OfflineServerInstances: offline,
      RealtimeServerInstances: realtime,
      ServerInstances: servers,
      tenantName: name,
    };
  }

  remove(name: string, type: string, isUsed: boolean): Json {
    if (!type) throw new Denial(500, 'Tenant type (BROKER | SERVER) is required as query parameter');
    const role = type.toUpperCase() === 'BROKER' ? 'Broker' : 'Server';
    if (isUsed) throw new Denial(400, `${role} tenant is not null, can not delete it`);
    for (const tag of role === 'Broker' ? ['BROKER'] : ['OFFLINE', 'REALTIME'])
      this.#untag(`${name}_${tag}`, 0);
    return { status: `Successfully deleted tenant ${name}` };
  }

  /** Whether there were instances enough. */
  #assign({
    tenantName,
    tenantRole,
    numberOfInstances = 0,
    offlineInstances,
    realtimeInstances,
  }: Json): boolean {
    if (tenantRole === 'BROKER')
      return this.#tag('Broker', [[`${String(tenantName)}_BROKER`, Number(numberOfInstances)]]);
    return this.#tag('Server', [
      [`${String(tenantName)}_OFFLINE`, Number(offlineInstances ?? numberOfInstances)],
      [`${String(tenantName)}_REALTIME`, Number(realtimeInstances ?? 0)],
    ]);
  }

  #tag(kind: string, wanted: readonly (readonly [tag: string, count: number])[]): boolean {
    const before = new Map([...this.tags].map(([instance, tags]) => [instance, new Set(tags)]));
    for (const [tag, count] of wanted) {
      this.#untag(tag, count);
      const free = [...this.tags].filter(([instance, tags]) => instance.startsWith(kind) && tags.size === 0);
      for (const [, tags] of free.slice(0, count - this.tagged(tag).length)) tags.add(tag);
      if (this.tagged(tag).length < count) {
        for (const [instance, tags] of before) this.tags.set(instance, tags);
        return false;
      }
    }
    return true;
  }

  #untag(tag: string, staying: number): void {
    for (const instance of this.tagged(tag).slice(staying)) this.tags.get(instance)?.delete(tag);
  }
}
