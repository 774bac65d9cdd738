import { html, type Markup, page, prose } from '../html.ts';
import type { ErrorRow, Json, OpenApi, OperationObject } from './document.ts';
import { type Field, fieldsOf } from './schema-fields.ts';

/** The OpenAPI document as a page to read: rendered here, so that the browser needs no script and nobody's CDN. */
export function referencePage(document: OpenApi): string {
  const base = (document.servers[0]?.url ?? '').replace(/\/$/, '');
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const tagged = document.tags.map((tag) => ({
    ...tag,
    operations: operations.filter((o) => o.operation.tags.includes(tag.name)),
  }));
  return page({
    language: 'en',
    title: `${document.info.title} ${document.info.version}`,
    wide: true,
    body: html`<header class="bar"><a class="brand" href="/">WAGate</a><a href="/openapi.json">OpenAPI document</a></header>
<div class="columns">
<nav aria-label="Contents">
${tagged.map((tag) => html`<h2>${tag.name}</h2><ul>${tag.operations.map((o) => tocLine(o))}</ul>`)}
<h2>More</h2><ul><li><a href="#authentication">Authentication</a></li><li><a href="#errors">Errors</a></li></ul>
</nav>
<main>
<h1>${document.info.title} <small>${document.info.version}</small></h1>
<p>${prose(document.info.description)}</p>
<h2 id="authentication">Authentication</h2>
<p>Base URL</p>
<pre><code>${base}/api/v1</code></pre>
<p>Send the API token of your device with every request. A token in the address is not read.</p>
<pre><code>Authorization: Bearer YOUR_API_TOKEN</code></pre>
<p>Answers carry <code>RateLimit-Limit</code>, <code>RateLimit-Remaining</code> and <code>RateLimit-Reset</code> (seconds), and <code>X-Quota-Remaining</code> where the device uses quota; answers 429 and 503 carry <code>Retry-After</code> (seconds). Whoever goes on asking is slowed down: after 300 refusals in a minute each further one comes a second late.</p>
${tagged.flatMap((tag) => tag.operations.map((o) => section(o, document, base)))}
${errorTable(document['x-failures'])}
</main>
</div>`,
  });
}

interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
}

const methodTag = (method: string) => html`<span class="method ${method}">${method.toUpperCase()}</span>`;

const tocLine = ({ method, path, operation }: Place) =>
  html`<li><a href="#${operation.operationId}">${methodTag(method)} ${path.replace('/api/v1', '')}</a></li>`;

function section({ method, path, operation }: Place, document: OpenApi, base: string): Markup {
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  return html`<section id="${operation.operationId}">
<h2>${operation.summary}</h2>
<p class="endpoint">${methodTag(method)} <code>${path}</code></p>
<p>${prose(operation.description)}</p>
${fieldTable(
  'Parameters',
  operation.parameters.map((p) => ({ ...p, ...describeSchema(p.schema, document), where: p.in })),
)}
${bodies.map(([type, { schema }]) => fieldTable(`Body, ${type}`, fieldsOf(schema, document)))}
<h3>Example</h3>
<pre><code>${curl(method, `${base}${path}`, operation)}</code></pre>
${Object.entries(operation.responses).map(([status, answer]) => response(status, answer, document))}
</section>`;
}

const describeSchema = (schema: Json, document: OpenApi): Pick<Field, 'type' | 'rules'> => {
  const [field] = fieldsOf({ properties: { it: schema } }, document);
  return { type: field?.type ?? '', rules: field?.rules ?? '' };
};

function fieldTable(title: string, fields: readonly Field[]): Markup {
  if (fields.length === 0) return html``;
  return html`<h3>${title}</h3>
<div class="scroll"><table>
<thead><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead>
<tbody>${fields.map(
    (f) =>
      html`<tr><td><code>${f.name}</code>${f.required && html`<br><span class="tag">required</span>`}${
        f.where && html`<br><small>${f.where}</small>`
      }</td><td>${f.type}</td><td>${prose(f.description)}${f.rules !== '' && html`<br><small>${f.rules}</small>`}</td></tr>`,
  )}</tbody>
</table></div>`;
}

type Response = OperationObject['responses'][string];

function response(status: string, answer: Response, document: OpenApi): Markup {
  const content = answer.content['application/json'];
  if (!content) return html``;
  const failed = Object.values(content.examples ?? {});
  if (failed.length > 0)
    return html`<details><summary><span class="status">${status}</span> ${prose(answer.description)}</summary>
${failed.map(({ value }) => json(value))}
</details>`;
  return html`<h3><span class="status ok">${status}</span> ${answer.description}</h3>
${content.example !== undefined && json(content.example)}
<details><summary>Fields</summary>
${fieldTable('', fieldsOf(content.schema, document))}
</details>`;
}

const json = (value: Json) => html`<pre><code>${JSON.stringify(value, null, 2)}</code></pre>`;

/** A command that can be pasted; an apostrophe in the body is written as a shell wants it. */
export function curl(method: string, url: string, operation: OperationObject): string {
  const query = new URLSearchParams(examples(operation, 'query')).toString();
  const body = operation.requestBody?.content['application/json']?.example;
  const address = Object.entries(examples(operation, 'path')).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, value),
    url,
  );
  const lines = [`curl -X ${method.toUpperCase()} "${address}${query && `?${query}`}"`];
  if (operation.security.length > 0) lines.push('-H "Authorization: Bearer YOUR_API_TOKEN"');
  if (body !== undefined) {
    lines.push('-H "Content-Type: application/json"');
    lines.push(`-d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`);
  }
  return lines.join(' \\\n  ');
}

const examples = (operation: OperationObject, where: 'query' | 'path'): Record<string, string> =>
  Object.fromEntries(
    operation.parameters.flatMap((p) => (p.in === where && p.example !== undefined ? [[p.name, p.example]] : [])),
  );

const errorTable = (rows: readonly ErrorRow[]) => html`<section id="errors">
<h2>Errors</h2>
<p>Every failure has the same shape. Read <code>code</code> in programs and show <code>message</code> to people; <code>errors</code> holds sentences by field.</p>
<div class="scroll"><table>
<thead><tr><th>HTTP</th><th>Code</th><th>Sentence</th></tr></thead>
<tbody>${[...rows]
  .sort((a, b) => a.status - b.status)
  .map((row) => html`<tr><td>${row.status}</td><td><code>${row.code}</code></td><td>${row.message}</td></tr>`)}</tbody>
</table></div>
</section>`;
