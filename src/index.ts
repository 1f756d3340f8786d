export { PersistableError } from "./errors/persistable-error.ts";
