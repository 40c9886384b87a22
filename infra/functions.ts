/** Every function in one process without connector and gateway: as many of them side by side as wished, behind any balancer. */
import { catalogue } from "#functions/catalogue.ts";
import { connectCache } from "#lib/cache/connect.ts";
import { runProcess } from "#lib/function/process.ts";
import { connectObjects } from "#lib/object-store/connect.ts";

await runProcess(catalogue, { objects: connectObjects, cache: connectCache });
