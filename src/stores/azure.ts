export { MissingPeerError } from "../errors/peer-errors.ts";
export { type AzureStoreOptions, azureStore, openAzure } from "../store/azure-store.ts";
