import { definePersistable } from "persistable-ts";

export const report = definePersistable({
  name: "changing_report",
  onSourceChange: "error",
  generate: () => {
    return "made after the change";
  },
});
