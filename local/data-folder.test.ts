import { expect, test } from 'vitest';
import { cacheFolder, dataFolder } from './data-folder.ts';

const home = '/home/ada';

test.each([
  ['an ordinary user', {}, 1000, '/home/ada/.local/share/escalier'],
  ['a platform without user ids', {}, null, '/home/ada/.local/share/escalier'],
  ['root, whose home Postgres cannot reach', {}, 0, '/var/lib/escalier'],
  ['XDG_DATA_HOME', { XDG_DATA_HOME: '/big' }, 1000, '/big/escalier'],
  [
    'a relative XDG_DATA_HOME, which is ignored',
    { XDG_DATA_HOME: 'big' },
    1000,
    '/home/ada/.local/share/escalier',
  ],
  ['root ignores XDG_DATA_HOME', { XDG_DATA_HOME: '/root/x' }, 0, '/var/lib/escalier'],
  ['ESCALIER_HOME before all', { ESCALIER_HOME: '/here', XDG_DATA_HOME: '/big' }, 0, '/here'],
  ['an empty ESCALIER_HOME is none', { ESCALIER_HOME: '' }, 0, '/var/lib/escalier'],
])('data: %s', (_, env, uid, expected) => {
  expect(dataFolder({ env, uid, home })).toBe(expected);
});

test.each([
  ['the default', {}, '/home/ada/.cache/escalier'],
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/fast' }, '/fast/escalier'],
  ['ESCALIER_CACHE before all', { ESCALIER_CACHE: '/here', XDG_CACHE_HOME: '/fast' }, '/here'],
])('cache: %s', (_, env, expected) => {
  expect(cacheFolder({ env, uid: 1000, home })).toBe(expected);
});
