/**
 * Fields that exist in Kubernetes and not for us. Tests plant canaries in them, so the writer must know them; nothing
 * outside this folder does. A cluster test compares them with Kubernetes' sources: none is missing.
 *
 * @module
 */
import { forbiddenCore } from "./forbidden-core.ts";
import type { ForbiddenFields } from "./forbidden-field.ts";
import { forbiddenGroups } from "./forbidden-groups.ts";
import { forbiddenVolumes } from "./forbidden-volumes.ts";

export const forbiddenFields: ForbiddenFields = {
  ...forbiddenCore,
  ...forbiddenGroups,
  ...forbiddenVolumes,
};
