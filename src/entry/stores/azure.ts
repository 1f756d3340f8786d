export { MissingPeerError } from "../../errors/peer-errors.ts";
export { type AzureStoreOptions, azureStore, openAzure } from "../../store/bucket/azure/azure-store.ts";
