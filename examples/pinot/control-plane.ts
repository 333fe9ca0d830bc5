/** Everything of Pinot in one program: clusters, and the schemas, tables and tenants in them. */
export { default as pinot } from './operator.ts';
export { default as pinotSchema } from './schema.ts';
export { default as pinotTable } from './table.ts';
export { default as pinotTenant } from './tenant.ts';
