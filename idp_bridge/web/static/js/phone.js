// The page about a resident's phones: marks this one, or offers to make it a sign-in phone.

import { all, byId, one, pageData } from './dom.js';
import { installWorker } from './install.js';
import { watchNotices } from './notices.js';
import { knownKey, offerRegistration } from './register.js';

const data = pageData();

function showRegistered(key) {
  byId('register-card').hidden = true;
  byId('go-scan').hidden = false;
  for (const row of all('[data-device]')) {
    one('[data-this]', row).hidden = row.dataset.device !== key.thumbprint;
  }
}

const key = await knownKey(data);
if (key) showRegistered(key);
else byId('register-card').hidden = false;
offerRegistration(data.key, (made) => {
  showRegistered(made);
  byId('registered').hidden = false;
  byId('registered').scrollIntoView({ block: 'center' });
});
installWorker();
watchNotices();
