/** Tables as Pinot keeps them: by name and type, with their segments, and with the jobs that load these anew. */
import type { Json } from './pinot-denial.ts';
import { Denial } from './pinot-denial.ts';
import type { PinotSchemas } from './pinot-schemas.ts';
import type { PinotTenants } from './pinot-tenants.ts';

const KNOWN: ReadonlySet<string> = new Set(
  `tableName tableType segmentsConfig tenants tableIndexConfig metadata task routing query quota ingestionConfig
  upsertConfig dedupConfig dimensionTableConfig fieldConfigList instanceAssignmentConfigMap isDimTable
  tunerConfigs tagOverrideConfig segmentAssignmentConfigMap`.split(/\s+/),
);

interface Table {
  readonly config: Json;
  /** How many it has; a new one has none. */
  readonly segments: number;
  /** They were loaded with another configuration or schema. */
  readonly stale?: boolean;
}

interface Job {
  readonly table: string;
  readonly submissionTimeMs: number;
  loaded: number;
  readonly total: number;
}

export class PinotTables {
  /** By name with type: `flights_REALTIME`. */
  readonly all: Map<string, Table> = new Map();
  /** How many segments of a reload are loaded at once; the rest when the test says. */
  loadsAtOnce: number = Infinity;
  readonly #schemas: PinotSchemas;
  readonly #tenants: PinotTenants;
  readonly #jobs = new Map<string, Job>();

  constructor(schemas: PinotSchemas, tenants: PinotTenants) {
    this.#schemas = schemas;
    this.#tenants = tenants;
  }

  /** Changes a table behind everybody's back. */
  edit(name: string, change: (table: Table) => Partial<Table>): void {
    const table = this.all.get(name);
    if (!table) throw new Error(`there is no table ${name}`);
    this.all.set(name, { ...table, ...change(table) });
  }

  add(given: Json): Json {
    const { name, config, unrecognizedProperties } = this.#read(given);
    this.#validate(name, config);
    if (this.all.has(name))
      throw new Denial(
        409,
        `Table config for ${name} already exists. If this is unexpected, try deleting the table to remove all metadata associated with it.`,
      );
    this.all.set(name, { config, segments: 0 });
    return { unrecognizedProperties, status: `Table ${name} successfully added` };
  }

  validate(given: Json): Json {
    const { name, config, unrecognizedProperties } = this.#read(given);
    if (!this.#schemas.all.has(rawName(name)))
      throw new Denial(400, `Invalid table config: ${name}. Failed to find schema for table: ${name}`);
    return { [typeOf(name)]: config, unrecognizedProperties };
  }

  /** Empty when there is none. */
  list(name: string, type: string | null): Json {
    const types = ['OFFLINE', 'REALTIME'].filter((each) => !type || type.toUpperCase() === each);
    return Object.fromEntries(
      types.flatMap((each) => {
        const table = this.all.get(`${rawName(name)}_${each}`);
        return table ? [[each, table.config]] : [];
      }),
    );
  }

  update(path: string, given: Json): Json {
    const { name, config, unrecognizedProperties } = this.#read(given);
    if (rawName(path) !== rawName(name))
      throw new Denial(
        400,
        `Request table ${path}_${typeOf(name)} does not match table name in the body ${name}`,
      );
    const before = this.all.get(name);
    if (!before) throw new Denial(404, `Table ${name} does not exist`);
    this.#validate(name, config);
    const isStale =
      JSON.stringify(before.config['tableIndexConfig']) !== JSON.stringify(config['tableIndexConfig']);
    this.all.set(name, { ...before, config, stale: before.segments > 0 && (before.stale || isStale) });
    return { unrecognizedProperties, status: `Table config updated for ${path}` };
  }

  remove(path: string, type: string | null): Json {
    const names = Object.keys(this.list(path, type)).map((each) => `${rawName(path)}_${each}`);
    if (names.length === 0)
      throw new Denial(404, `Table '${path}' with type ${type?.toUpperCase() ?? 'null'} does not exist`);
    for (const name of names) this.all.delete(name);
    return { status: `Tables: [${names.join(', ')}] deleted` };
  }

  needsReload(name: string): boolean {
    return this.all.get(name)?.stale ?? false;
  }

  reload(name: string): Json {
    const table = this.all.get(name);
    if (!table || table.segments === 0)
      throw new Denial(404, `Failed to find any segments in table: ${name} with type: null`);
    const reloadJobId = `job-${this.#jobs.size + 1}`;
    const loaded = Math.min(this.loadsAtOnce, table.segments);
    this.#jobs.set(reloadJobId, { table: name, submissionTimeMs: Date.now(), loaded, total: table.segments });
    this.#settle(name);
    const details = { reloadJobId, reloadJobMetaZKStorageStatus: 'SUCCESS', numMessagesSent: '1' };
    return { status: JSON.stringify({ [name]: details }) };
  }

  /** Everything that is being loaded is loaded. */
  finishReloads(): void {
    for (const job of this.#jobs.values()) job.loaded = job.total;
    for (const name of this.all.keys()) this.#settle(name);
  }

  jobs(name: string): Json {
    const mine = [...this.#jobs].filter(([, { table }]) => table === name);
    return Object.fromEntries(
      mine.map(([jobId, { submissionTimeMs }]) => [
        jobId,
        { jobId, tableName: name, jobType: 'RELOAD_SEGMENT', submissionTimeMs: `${submissionTimeMs}` },
      ]),
    );
  }

  reloadStatus(id: string): Json {
    const job = this.#jobs.get(id);
    if (!job) throw new Denial(404, `Failed to find controller job id: ${id}`);
    const status = job.loaded < job.total ? 'IN_PROGRESS' : 'COMPLETED';
    return {
      status,
      totalSegmentCount: job.total,
      successCount: job.loaded,
      failureCount: 0,
      metadata: { jobId: id },
    };
  }

  /** Its segments do not know what its schema learned. */
  changed(schema: string, answer: Json): Json {
    for (const [name, table] of this.all)
      if (rawName(name) === schema && table.segments > 0) this.all.set(name, { ...table, stale: true });
    return answer;
  }

  realtimeTableOf(schema: string): string | undefined {
    return [...this.all.keys()].find((name) => name === `${schema}_REALTIME`);
  }

  isTenantUsed(tenant: string): boolean {
    return [...this.all.values()].some(({ config }) =>
      Object.values((config['tenants'] ?? {}) as Json).includes(tenant),
    );
  }

  #settle(name: string): void {
    const table = this.all.get(name);
    const newest = [...this.#jobs.values()].findLast((job) => job.table === name);
    if (table && newest && newest.loaded === newest.total) this.all.set(name, { ...table, stale: false });
  }

  #read(given: Json): { name: string; config: Json; unrecognizedProperties: Json } {
    const { tableName, tableType } = given;
    if (typeof tableName !== 'string' || (tableType !== 'OFFLINE' && tableType !== 'REALTIME'))
      throw new Denial(400, "Missing required creator property 'tableName' or 'tableType'");
    const name = `${rawName(tableName)}_${tableType}`;
    const entries = Object.entries(given);
    return {
      name,
      config: {
        metadata: {},
        isDimTable: false,
        ...Object.fromEntries(entries.filter(([field]) => KNOWN.has(field))),
        tableName: name,
        tenants: { broker: 'DefaultTenant', server: 'DefaultTenant', ...((given['tenants'] ?? {}) as Json) },
      },
      unrecognizedProperties: Object.fromEntries(
        entries.filter(([field]) => !KNOWN.has(field)).map(([field, value]) => [`/${field}`, value]),
      ),
    };
  }

  #validate(name: string, config: Json): void {
    if (!this.#schemas.all.has(rawName(name)))
      throw new Denial(400, `Failed to find schema for table: ${name}`);
    const { broker, server } = config['tenants'] as Json;
    for (const tag of [`${String(broker)}_BROKER`, `${String(server)}_${typeOf(name)}`])
      if (this.#tenants.tagged(tag).length === 0)
        throw new Denial(
          400,
          `Invalid table config for table ${name}: Failed to find instances with tag: ${tag} for table: ${name}`,
        );
  }
}

function rawName(name: string): string {
  return name.replace(/_(OFFLINE|REALTIME)$/, '');
}

function typeOf(name: string): string {
  return name.slice(name.lastIndexOf('_') + 1);
}
