import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mapDocument } from "./support/map.ts";
import { errorsDocument, eventsDocument } from "./support/documents.ts";

const docs = join(import.meta.dirname, "../docs");
writeFileSync(join(docs, "events.md"), await eventsDocument());
writeFileSync(join(docs, "errors.md"), await errorsDocument());
writeFileSync(join(docs, "map.md"), await mapDocument());
