import type { DeviceListItem, SignedIn } from '../../gateway/contract.ts';
import { html, type Markup, page } from '../html.ts';
import { type Language, words } from './words.ts';

/** The owner's pages as HTML. */

const head = (right: Markup | null) => html`<header class="bar"><a class="brand" href="/">WAGate</a>${right}</header>`;

const links = (language: Language) => html`<p class="links"><a href="/docs/reference">${words[language].reference}</a>
<a href="/openapi.json">${words[language].document}</a></p>`;

export function welcomePage(language: Language): string {
  const w = words[language];
  return page({
    language,
    title: 'WAGate',
    body: html`${head(null)}
<main>
<h1>${w.tagline}</h1>
<p>${w.what}</p>
${links(language)}
<p>${w.signInHow}</p>
<pre><code>npm run wagate -- account link &lt;email&gt;</code></pre>
</main>`,
  });
}

export function signInPage(language: Language, action: string): string {
  const w = words[language];
  return page({
    language,
    title: w.signInTitle,
    body: html`${head(null)}
<main>
<h1>${w.signInTitle}</h1>
<p>${w.signInText}</p>
<form method="post" action="${action}"><button type="submit">${w.signIn}</button></form>
</main>`,
  });
}

export function failedPage(language: Language, sentence: string): string {
  const w = words[language];
  return page({
    language,
    title: w.failed,
    body: html`${head(null)}
<main>
<h1>${w.failed}</h1>
<p>${sentence}</p>
<p><a href="/">${w.back}</a></p>
</main>`,
  });
}

export function homePage(language: Language, who: SignedIn, devices: readonly DeviceListItem[]): string {
  const w = words[language];
  const signOut = html`<form method="post" action="/sign-out"><span class="who">${w.signedInAs} ${who.email}</span>
<button class="quiet" type="submit">${w.signOut}</button></form>`;
  return page({
    language,
    title: 'WAGate',
    body: html`${head(signOut)}
<main>
<h1>${w.devices}</h1>
${devices.length === 0 ? html`<p>${w.noDevices}</p>` : html`<ul class="cards">${devices.map((d) => deviceCard(language, d))}</ul>`}
<h2>${w.commands}</h2>
<p>${w.commandsText}</p>
<dl class="commands">
<dt>${w.addDevice}</dt><dd><pre><code>npm run wagate -- device create --name "Toko"</code></pre></dd>
<dt>${w.addSandbox}</dt><dd><pre><code>npm run wagate -- device create --name "Sandbox" --sandbox</code></pre></dd>
<dt>${w.linkDevice}</dt><dd><pre><code>npm run wagate -- device link &lt;id&gt;</code></pre></dd>
<dt>${w.newToken}</dt><dd><pre><code>npm run wagate -- device token &lt;id&gt;</code></pre></dd>
</dl>
<p class="note">${w.tokenNote}</p>
${links(language)}
</main>`,
  });
}

function deviceCard(language: Language, device: DeviceListItem): Markup {
  const w = words[language];
  const token =
    device.tokenPrefix === null ? w.noToken : html`<code>${device.tokenPrefix}…${device.tokenLast4 ?? ''}</code>`;
  return html`<li class="card">
<h3>${device.name} <small>#${device.id}</small>${device.kind === 'sandbox' && html` <span class="tag">${w.sandbox}</span>`}</h3>
<dl class="facts">
<dt>${w.status}</dt><dd><span class="dot ${device.status}"></span>${w.statuses[device.status]}${
    device.statusReason !== null && html`<br><span class="note">${device.statusReason}</span>`
  }</dd>
<dt>${w.phone}</dt><dd>${device.phoneNumber ?? w.noPhone}</dd>
<dt>${w.token}</dt><dd>${token}</dd>
</dl>
</li>`;
}
