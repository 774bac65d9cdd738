import { curl } from './curl.ts';
import type { SampleLanguage } from './filling.ts';
import { go } from './go.ts';
import { javascript } from './javascript.ts';
import { laravel } from './laravel.ts';
import { php } from './php.ts';
import { python } from './python.ts';

/** In the order of the tabs. */
export const languages: readonly SampleLanguage[] = [curl, php, javascript, python, laravel, go];
