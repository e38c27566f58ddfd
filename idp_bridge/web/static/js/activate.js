// The code of a scanned slip arrives in the fragment, which no server sees: it fills the form in.

import { byId } from './dom.js';

const code = new URLSearchParams(location.hash.slice(1)).get('activation');
if (code) {
  history.replaceState(null, '', location.pathname + location.search);
  if (byId('code')) byId('code').value = code;
}
