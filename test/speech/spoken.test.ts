// Spoken: text with its punctuation and the recordings that say it, put together without stumbling.
import { clipName, join, nothing, pause, PAUSE, say, stop, words } from '../../src/speech/spoken';
import { digitGroups } from '../../src/speech/numbers';

describe('Spoken', () => {
  it('names a recording as its words are written, in lower case', () => {
    expect(clipName('Your balance is')).toBe('your-balance-is');
    expect(clipName('На вашем счете…')).toBe('на-вашем-счете');
    expect(clipName('Swedish kronor, öre!')).toBe('swedish-kronor-öre');
  });

  it('says a phrase with one recording and number words with one each', () => {
    expect(say('On account number').clips).toEqual(['on-account-number']);
    expect(words('one hundred twenty-one')).toEqual({
      text: 'one hundred twenty-one',
      clips: ['one', 'hundred', 'twenty', 'one'],
    });
  });

  it('puts punctuation close to what is before it', () => {
    expect(
      join(say('On account'), { text: ':', clips: [PAUSE] }, say('five'), pause, say('six'), stop),
    ).toEqual({
      text: 'On account: five, six.',
      clips: ['on-account', ',', 'five', ',', 'six', ','],
    });
  });

  it('never breaks off twice in a row, nor before the first word', () => {
    expect(join(pause, say('One'), pause, nothing, stop, join(stop, say('two')), stop)).toEqual({
      text: 'One, two.',
      clips: ['one', ',', 'two', ','],
    });
  });
});

describe('an account number', () => {
  it.each([
    ['004217', ['004', '217']],
    ['1', ['1']],
    ['1234', ['1234']],
    ['12345', ['123', '45']],
    ['1234567', ['123', '4567']],
    ['0000000000', ['000', '000', '0000']],
    ['12-345/6', ['12', '345', '6']],
    ['AB123456', ['AB', '123', '456']],
    ['A12', ['A12']],
    [' - ', []],
    ['', []],
  ])('%p is read out as %p', (number, groups) => expect(digitGroups(number)).toEqual(groups));
});
