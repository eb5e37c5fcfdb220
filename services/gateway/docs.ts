/** What there is at this address, and a page to read it: Swagger UI from its own package, nothing from elsewhere. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { Context, Hono } from "../_kit/http/app.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Ids } from "./shape.ts";
import { VERSIONS, vendorType } from "./version.ts";

export interface DocsDeps {
  readonly ids: () => Ids;
  /** The OpenAPI document. Asked for when the first one wants it: starting must not wait for it. */
  readonly document: () => Promise<object>;
}

/** Of the package, and their media types. */
const ASSETS: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Baton: the shop's API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`;

/** Not in the page itself: the policy lets no script in there run. */
const START = `SwaggerUIBundle({ url: "openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });\n`;

/** Swagger UI sets styles on elements from its script, which needs no exception, and has its images as data. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const DAY_S = 86_400;

/** Adds `/`, `/openapi.json` and `/docs` to `app`. */
export function addDocs(app: Hono, { ids, document }: DocsDeps): void {
  app.get("/", (c) =>
    c.json({
      name: "Baton, a shop to trace",
      documentation: "/docs",
      openapi: "/openapi.json",
      versions: VERSIONS.map((version) => ({
        version,
        url: `/api/${version}`,
        accept: vendorType(version),
      })),
      ...ids(),
    }),
  );
  app.get("/openapi.json", async (c) => c.json(await document()));
  app.get("/docs", (c) => send(c, PAGE, "text/html; charset=utf-8"));
  app.get("/docs/:file", async (c) => {
    const file = c.req.param("file");
    if (file === "start.js") return send(c, START, "text/javascript; charset=utf-8");
    const type = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
    if (type === undefined) throw new AppError("not_found", "there is no such file");
    c.header("Cache-Control", `max-age=${DAY_S}`);
    return send(c, await asset(file), type);
  });
}

function send(c: Context, body: string | Uint8Array<ArrayBuffer>, type: string): Response {
  return c.body(body, 200, {
    "content-type": type,
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
  });
}

async function asset(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const packageFile = createRequire(import.meta.url).resolve("swagger-ui-dist/package.json");
  return new Uint8Array(await readFile(path.join(path.dirname(packageFile), file)));
}
