import { types } from 'pg';

type Parse = (text: string) => unknown;

const bigint = 20;
const textArray: number = 1009;
// Smaller numbers are PostgreSQL's own types. Ours are enumerations and arrays of them.
const firstTypeOfOurs = 16_384;
const parseTextArray: Parse = types.getTypeParser(textArray, 'text');

/**
 * How the text of a value becomes a value, by the number of its type. Used for both databases, whose drivers differ in
 * what they make of a bigint and of an array of one of our enumerations.
 */
export function parserOf(type: number): Parse {
  if (type === bigint) {
    return Number;
  }
  if (type >= firstTypeOfOurs) {
    return (text) => (text.startsWith('{') ? parseTextArray(text) : text);
  }
  return types.getTypeParser(type, 'text');
}
