import { InvalidArgumentError } from '@commander-js/extra-typings';

export const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number.');
  return value;
};

export const positive = (text: string): number => {
  const value = whole(text);
  if (value === 0) throw new InvalidArgumentError('expected at least 1.');
  return value;
};

export const fraction = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('expected a number of at least 0.');
  return value;
};

export const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

export const list = (text: string): readonly string[] => text.split(',').map((part) => part.trim());

/** `20%` or `0.2`: a share, which may exceed 1. */
export const shareOf = (text: string): number => {
  const [, digits, sign] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('expected a share such as 20% or 0.2.');
  return Number((Number(digits) / (sign === '%' ? 100 : 1)).toPrecision(12));
};

/** `10%` as 0.1. */
export const share = (text: string): number => {
  const value = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text)?.[1];
  if (value === undefined || Number(value) === 0 || Number(value) >= 100)
    throw new InvalidArgumentError('expected a share above 0% and below 100%, such as 10%.');
  return Number(value) / 100;
};
