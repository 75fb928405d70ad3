// Keeping a list: what it is called and who sees it.

import { h, newID } from './dom.js';
import { api } from './api.js';
import { t } from './i18n.js';
import { dialog, complain } from './ui.js';

/** Asks for a name and keeps the list as a view, a new one or `view` with what is shown now. Answers it. */
export function askForView(type, list, view) {
  return dialog(t(view ? 'list.edit_view' : 'list.save_view'), (close) => {
    const [nameID, shareID, kindID] = [newID('view'), newID('view'), newID('view')];
    const name = h('input', { id: nameID, required: true, maxlength: 500, value: view?.name ?? '', autofocus: true });
    const share = h('select', { id: shareID }, ['me', 'team', 'all'].map((one) => h('option', { value: one, selected: (view?.shared_with ?? 'me') === one }, t(`view.${one}`))));
    const counts = h('input', { id: kindID, type: 'checkbox', checked: view?.kind === 'segment' });
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        const body = { name: name.value, shared_with: share.value, kind: counts.checked ? 'segment' : 'view', ...list };
        try {
          close(view ? await api.patch(`/v1/views/${view.id}`, body, { version: view.version }) : await api.post('/v1/views', { type: type.name, ...body }));
        } catch (error) { complain(error); }
      },
    }, h('div.field', h('label', { for: nameID }, t('list.name')), name), h('div.field', h('label', { for: shareID }, t('view.who')), share),
    h('label.check', { for: kindID }, counts, t('view.counts')),
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('form.save'))));
  });
}
