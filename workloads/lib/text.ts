// Text that is put together in memory before it is written.

/** Writes ASCII characters at an address and returns the address behind them. */
export function putText(at: usize, text: string): usize {
  for (let place = 0; place < text.length; place += 1) store<u8>(at + place, <u8>text.charCodeAt(place));
  return at + text.length;
}

/** Writes a whole number in decimals at an address and returns the address behind it. */
export function putNumber(at: usize, value: i32): usize {
  let rest = <i64>value;
  if (rest < 0) {
    store<u8>(at, 0x2d);
    at += 1;
    rest = -rest;
  }
  let digits = 1;
  for (let left = rest / 10; left > 0; left /= 10) digits += 1;
  for (let place = digits - 1; place >= 0; place -= 1) {
    store<u8>(at + place, <u8>(0x30 + (rest % 10)));
    rest /= 10;
  }
  return at + digits;
}
