import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

describe('overload', () => {
  test('new INVITEs get 503 with Retry-After, and what is in a dialog is served', () => {
    let overloaded = false;
    const scene = new Scene({ overloaded: () => overloaded });
    scene.establish();
    const toTag = scene.ourTag;
    overloaded = true;
    scene.send('INVITE', { callId: 'call-2', branch: 'other', body: OFFER });
    expect(scene.last.headers.get('retry-after')).toMatch(/^\d+$/);
    scene.send('INVITE', { toTag, cseq: 2, branch: 'again', body: OFFER });
    scene.send('BYE', { toTag, cseq: 3 });
    scene.check(`
      0 > INVITE 1
      0 < 503 INVITE
      0 > INVITE 2
      0 < 100 INVITE
      0 * INVITE reoffered
      0 > BYE 3
      0 < 200 BYE
      0 < 487 INVITE
      0 * ended bye
    `);
    overloaded = false;
    scene.send('INVITE', { callId: 'call-3', branch: 'third', body: OFFER });
    scene.check(`
      0 > INVITE 1
      0 * invite
      0 < 100 INVITE
    `);
  });
});

describe('a queue before us', () => {
  /** For `ms`, messages come that have waited for `waited` ms. */
  function wait(scene: Scene, waited: number, ms: number): void {
    scene.waited = waited;
    for (let passed = 0; passed <= ms; passed += 2) {
      scene.raw('x');
      scene.run(2);
    }
  }

  function invite(scene: Scene, name: string): number | undefined {
    const before = scene.sent.length;
    scene.send('INVITE', { callId: name, branch: name, body: OFFER });
    const answer = scene.sent[before]?.message;
    return answer?.kind === 'response' ? answer.status : undefined;
  }

  test('that stands costs new calls a 503, until it is gone; what is in a dialog is served', () => {
    const scene = new Scene();
    scene.establish();
    const toTag = scene.ourTag;
    wait(scene, 300, 400);
    expect(invite(scene, 'late')).toBe(503);
    scene.send('BYE', { toTag, cseq: 2 });
    expect(scene.last.kind === 'response' && scene.last.status).toBe(200);
    scene.waited = 50;
    expect(invite(scene, 'soon')).toBe(100);
  });

  test('that a pause of the process has made does not', () => {
    const scene = new Scene();
    wait(scene, 500, 200);
    wait(scene, 100, 10);
    wait(scene, 500, 200);
    expect(invite(scene, 'a')).toBe(100);
  });

  test('a few late messages are none', () => {
    const scene = new Scene();
    scene.waited = 5000;
    for (let i = 0; i < 50; i++) {
      scene.raw('x');
      scene.run(1000);
    }
    expect(invite(scene, 'a')).toBe(100);
  });
});

describe('the rate of one source', () => {
  /** Sends requests that belong to nothing, `count` of them. */
  function noise(scene: Scene, count: number, flow = scene.flow): void {
    for (let i = 0; i < count; i++) scene.raw('x', flow);
  }

  test('over half of it its new calls are refused, its calls are not; over all of it nothing is read', () => {
    const scene = new Scene({ limits: { messagesPerSecond: 100 } });
    scene.establish();
    const toTag = scene.ourTag;
    noise(scene, 60);
    scene.send('INVITE', { callId: 'call-2', branch: 'other', body: OFFER });
    scene.send('OPTIONS', { toTag, cseq: 2 });
    scene.check(`
      0 > INVITE 1
      0 < 503 INVITE
      0 > OPTIONS 2
      0 < 200 OPTIONS
    `);
    noise(scene, 60);
    scene.send('OPTIONS', { toTag, cseq: 3, branch: 'more' });
    scene.check('0 > OPTIONS 3');
    scene.run(1000);
    scene.send('OPTIONS', { toTag, cseq: 4, branch: 'later' });
    scene.check(`
      1000 > OPTIONS 4
      1000 < 200 OPTIONS
    `);
    expect(scene.drops()['rate']).toBeGreaterThan(0);
  });

  test('is its own: another source does not feel it', () => {
    const scene = new Scene({ limits: { messagesPerSecond: 100 } });
    noise(scene, 1000, flowFrom('192.0.2.66'));
    scene.send('INVITE', { body: OFFER });
    scene.invites.at(-1)?.accept(ANSWER);
    scene.check(`
      0 > INVITE 1
      0 * invite
      0 < 100 INVITE
      0 < 200 INVITE
    `);
  });

  test('strangers have none: they are not read at all, and not observed', () => {
    const seen: string[] = [];
    const scene = new Scene({
      admission: ({ remote }) => (remote.address === '192.0.2.10' ? 'admit' : 'ignore'),
      observe: (way, bytes) => seen.push(`${way} ${bytes.length}`),
    });
    scene.raw('INVITE from nowhere', flowFrom('198.51.100.1'));
    scene.raw('bad', scene.flow);
    expect(seen).toEqual([`in ${utf8('bad').length}`]);
    scene.check('');
  });
});
