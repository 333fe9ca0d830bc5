/** The API group under which external objects stand in inventories, events and messages. No API server serves it. */
export declare const EXTERNAL_GROUP = "external.durable-operator.dev";
