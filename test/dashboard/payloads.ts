/**
 * Two hundred hostile texts, as strangers put them into push names, captions, file names, group subjects. Each calls `ran()` in the page that takes
 * it for more than text: in an element, an attribute, a URL, a style, a template, a script, or after a parser was led astray.
 */
const cores = [
  '<script>ran()</script>',
  '<img src=x onerror=ran()>',
  '<svg onload=ran()>',
  '<svg><script>ran()</script></svg>',
  '<svg><animate onbegin=ran() attributeName=x dur=1s>',
  '<body onload=ran()>',
  '<iframe srcdoc="<script>parent.ran()</script>"></iframe>',
  '<iframe src="javascript:parent.ran()"></iframe>',
  '<object data="data:text/html,<script>parent.ran()</script>"></object>',
  '<embed src="javascript:ran()">',
  '<details open ontoggle=ran()>x</details>',
  '<input autofocus onfocus=ran()>',
  '<video><source onerror=ran()></video>',
  '<audio src=x onerror=ran()>',
  '<marquee onstart=ran()>x</marquee>',
  '<a href="javascript:ran()" autofocus onfocus=ran()>x</a>',
  '<form action="javascript:ran()"><button autofocus onfocus=ran()>x</button></form>',
  '<math><mtext><table><mglyph><style><img src=x onerror=ran()></style></mglyph></table></mtext></math>',
  '<noscript><p title="</noscript><img src=x onerror=ran()>">',
  '<template><img src=x onerror=ran()></template>',
  '<style>@import "javascript:ran()";</style><style onload=ran()></style>',
  '<link rel=stylesheet href="data:text/css,*{background:url(javascript:ran())}" onload=ran()>',
  '<meta http-equiv="refresh" content="0;url=javascript:ran()">',
  '<base href="javascript:ran()//">',
  'javascript:ran()',
] as const;

/** How it is wrapped, so that it leaves the attribute, the tag, the comment, the string that it may have been put into. */
const wraps: readonly ((core: string) => string)[] = [
  (core) => core,
  (core) => `">${core}<i title="`,
  (core) => `'>${core}<i title='`,
  (core) => `</title></textarea></style></script>${core}`,
  (core) => `--><!--${core}-->]]>${core}`,
  (core) => `{{constructor.constructor('ran()')()}}\${ran()}#{ran()}<%= ran() %>${core}`,
  (core) => `\u202e\u0000\u2028${core.toUpperCase().replaceAll('RAN()', 'ran()')}\ufeff`,
  (core) => `[x](javascript:ran()) &lt;${core.slice(1)} %3Cscript%3Eran()%3C/script%3E ${core}`,
];

export const payloads: readonly string[] = cores.flatMap((core) => wraps.map((wrap) => wrap(core)));

/** Put into a page before its own scripts: a payload that runs is an error of the page, and so fails the visit. */
export const trap = "window.ran = () => console.error('a payload ran');";
