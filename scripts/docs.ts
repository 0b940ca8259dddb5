import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorsDocument, eventsDocument } from "./support/documents.ts";

const docs = join(import.meta.dirname, "../docs");
writeFileSync(join(docs, "events.md"), await eventsDocument());
writeFileSync(join(docs, "errors.md"), await errorsDocument());
