/**
 * A stand-in for the REST API of a Pinot controller, as far as schemas, tables, tenants and reloads go: paths, status codes
 * and bodies are those of Pinot 1.x (PinotSchemaRestletResource, PinotTableRestletResource, PinotTenantRestletResource and
 * the documentation of reloads). What a test changes in its maps is changed behind everybody's back.
 */
import type { Json } from './pinot-denial.ts';
import { Denial } from './pinot-denial.ts';
import { PinotSchemas } from './pinot-schemas.ts';
import { PinotTables } from './pinot-tables.ts';
import { PinotTenants } from './pinot-tenants.ts';
import type { Call, Handler, Reply } from './http-stand-in.ts';
import { HttpStandIn } from './http-stand-in.ts';

export interface PinotOptions {
  readonly brokers?: number;
  readonly servers?: number;
  /** Who may sign in; without it, everybody. */
  readonly login?: { readonly user: string; readonly password: string };
}

export class PinotController implements AsyncDisposable {
  readonly schemas: PinotSchemas = new PinotSchemas();
  readonly tenants: PinotTenants;
  readonly tables: PinotTables;
  readonly #authorization: string | undefined;
  #http: HttpStandIn | undefined;

  private constructor({ brokers = 2, servers = 2, login }: PinotOptions) {
    this.tenants = new PinotTenants(brokers, servers);
    this.tables = new PinotTables(this.schemas, this.tenants);
    const pair = login && Buffer.from(`${login.user}:${login.password}`).toString('base64');
    this.#authorization = pair && `Basic ${pair}`;
  }

  static async open(options: PinotOptions = {}): Promise<PinotController> {
    const controller = new PinotController(options);
    controller.#http = await HttpStandIn.open((call) => controller.#answer(call));
    return controller;
  }

  /** The wire, on which a test makes it slow, deaf or mute. */
  get http(): HttpStandIn {
    if (!this.#http) throw new Error('it is not open');
    return this.#http;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http?.[Symbol.asyncDispose]();
  }

  readonly #answer: Handler = (call) => {
    try {
      if (this.#authorization && call.headers['authorization'] !== this.#authorization)
        throw new Denial(401, 'HTTP 401 Unauthorized');
      return { status: 200, body: this.#route(call) };
    } catch (error) {
      if (!(error instanceof Denial)) throw error;
      return refused(error);
    }
  };

  #route(call: Call): unknown {
    const [, room = '', ...rest] = call.path.split('/');
    const [first = '', second = ''] = rest;
    const body = (call.body ?? {}) as Json;
    const route = `${call.method} /${room}${first ? '/{}' : ''}${second ? `/${second}` : ''}`;
    switch (route) {
      case 'POST /schemas':
        return this.schemas.add(body, call.query.get('override') !== 'false');
      case 'POST /schemas/{}':
        return this.schemas.validate(body);
      case 'GET /schemas/{}':
        return this.schemas.get(first);
      case 'PUT /schemas/{}':
        return this.tables.changed(first, this.schemas.update(first, body));
      case 'DELETE /schemas/{}':
        return this.schemas.remove(first, this.tables.realtimeTableOf(first));
      case 'POST /tenants':
        return this.tenants.create(body);
      case 'PUT /tenants':
        return this.tenants.update(body);
      case 'GET /tenants/{}':
        return this.tenants.get(first, call.query.get('type') ?? '');
      case 'DELETE /tenants/{}':
        return this.tenants.remove(first, call.query.get('type') ?? '', this.tables.isTenantUsed(first));
      case 'POST /tables':
        return this.tables.add(body);
      case 'POST /tables/{}':
        return this.tables.validate(body);
      case 'GET /tables/{}':
        return this.tables.list(first, call.query.get('type'));
      case 'PUT /tables/{}':
        return this.tables.update(first, body);
      case 'DELETE /tables/{}':
        return this.tables.remove(first, call.query.get('type'));
      case 'GET /segments/{}/needReload':
        return { needReload: this.tables.needsReload(first), serverToSegmentsCheckReloadList: {} };
      case 'POST /segments/{}/reload':
        return this.tables.reload(first);
      case 'GET /table/{}/jobs':
        return this.tables.jobs(first);
      default:
        if (first === 'segmentReloadStatus') return this.tables.reloadStatus(second);
        throw new Denial(404, 'HTTP 404 Not Found');
    }
  }
}

function refused({ status, message }: Denial): Reply {
  return { status, body: { code: status, error: message } };
}
