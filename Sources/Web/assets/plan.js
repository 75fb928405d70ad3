// The next step: a task about a record, tomorrow morning unless one says otherwise.

import { today, timeZone } from './i18n.js';
import { state } from './state.js';
import { create } from './form.js';

const DAY = 864e5;

/** Asks for it in a dialog; `about` is `{type, id}`, or nothing. */
export const plan = (about) => create('tasks', { ...(about && { about }), assignee_id: state.user.id, priority: 'normal', due: { local: `${today(new Date(Date.now() + DAY))}T09:00`, time_zone: timeZone } }, { only: ['title', 'due', 'priority', 'about'] });
