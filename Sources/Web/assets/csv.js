// The beginning of a file of rows, as people look at it before it is sent; and what its figures and dates look like.

const BEGINNING = 256 * 1024;

/** Rows of cells (RFC 4180), at most `most`. */
function parseRows(text, delimiter = ',', most = Infinity) {
  const rows = [];
  let row = [];
  let cell = '';
  let isQuoted = false;
  for (let index = text.charCodeAt(0) === 0xfeff ? 1 : 0; index < text.length; index++) {
    const sign = text[index];
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[index + 1] === '"') { cell += '"'; index++; } else isQuoted = false;
    } else if (sign === '"' && cell === '') isQuoted = true;
    else if (sign === delimiter) { row.push(cell); cell = ''; } else if (sign === '\n' || sign === '\r') {
      if (sign === '\r' && text[index + 1] === '\n') index++;
      row.push(cell);
      cell = '';
      if (row.length > 1 || row[0] !== '') rows.push(row);
      if (rows.length >= most) return rows;
      row = [];
    } else cell += sign;
  }
  if (cell !== '' || row.length) rows.push([...row, cell]);
  return rows;
}

/** The first rows below the header, by what the service found the file to be. */
export async function sampleRows(file, { encoding, delimiter }, most = 50) {
  const bytes = await file.slice(0, BEGINNING).arrayBuffer();
  let decoder;
  try { decoder = new TextDecoder(encoding ?? 'utf-8'); } catch { decoder = new TextDecoder(); }
  return parseRows(decoder.decode(bytes, { stream: true }), delimiter ?? ',', most + 1).slice(1);
}

/** How the days of a column are written, as `DD.MM.YYYY`; null where they are as the service writes them or cannot be told. */
export function dateFormat(values, monthFirst) {
  const found = values.map((value) => /^(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})$/.exec(value?.trim() ?? '')).filter(Boolean);
  if (!found.length) return null;
  const separator = found[0][2];
  if (found.every(([, first]) => first.length === 4)) return separator === '-' ? null : `YYYY${separator}MM${separator}DD`;
  const year = found.every(([, , , , last]) => last.length === 4) ? 'YYYY' : 'YY';
  const isMonthFirst = found.some(([, , , second]) => Number(second) > 12) || (separator === '/' && monthFirst && !found.some(([, first]) => Number(first) > 12));
  const short = found.some(([, first, , second]) => first.length === 1 || second.length === 1);
  const [day, month] = short ? ['D', 'M'] : ['DD', 'MM'];
  return (isMonthFirst ? [month, day, year] : [day, month, year]).join(separator);
}

/** Whether figures have a comma before their decimals. */
export const hasDecimalComma = (values) => values.some((value) => /,\d{1,2}$/.test(value?.trim() ?? '')) && !values.some((value) => /\.\d{1,2}$/.test(value?.trim() ?? ''));
