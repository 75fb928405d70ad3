// Sums of money, exact: decimals as whole numbers of ten-thousandths, one sum per currency.

const DIGITS = 4;

const parse = (text) => {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  return BigInt(sign + whole + fraction.slice(0, DIGITS).padEnd(DIGITS, '0'));
};
const write = (value) => {
  const digits = (value < 0n ? -value : value).toString().padStart(DIGITS + 1, '0');
  const fraction = digits.slice(-DIGITS).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -DIGITS)}${fraction && `.${fraction}`}`;
};

/** A number of things and what they are worth. */
export class Sums {
  constructor(count = 0, amounts = {}) {
    this.count = count;
    this.amounts = new Map(Object.entries(amounts).map(([currency, text]) => [currency, parse(text)]));
  }

  /** Counts one in, or out with `times` -1. */
  add(money, times = 1) {
    this.count += times;
    if (money) this.amounts.set(money.currency, (this.amounts.get(money.currency) ?? 0n) + parse(money.amount) * BigInt(times));
  }

  /** `[{amount, currency}]`, the largest first; nothing for what is worth nothing. */
  get moneys() {
    return [...this.amounts].filter(([, value]) => value !== 0n).sort((a, b) => (a[1] < b[1] ? 1 : -1)).map(([currency, value]) => ({ currency, amount: write(value) }));
  }
}
