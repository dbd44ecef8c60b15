/** Public list of this package. */
export { createCertificates, type Certificates } from "./certificates.ts";
export { MemoryInventory, type StoredObject } from "./memory-inventory.ts";
export {
  openMemoryPlatform,
  type Fault,
  type MemoryPlatform,
  type MemoryPlatformOptions,
  type Received,
} from "./memory-platform.ts";
