import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Circuit } from '../../../kubernetes/circuit.ts';

/** Five failures in a row, asked one after the other. */
function opened(at = 2_000): Circuit {
  const circuit = new Circuit();
  for (let count = 5; count > 0; count--) circuit.failed(at - count * 300, at - count * 300 + 300);
  return circuit;
}

describe('circuit', () => {
  it('opens after five failures in a row that last a second', () => {
    const circuit = new Circuit();
    for (const at of [0, 300, 600, 900]) assert.equal(circuit.failed(at, at), false);
    assert.equal(circuit.failed(1_200, 1_200), true);
    assert.deepEqual([circuit.state, circuit.opened, circuit.remainingMs(1_200)], ['Open', 1, 1_000]);
  });

  it('stays closed when a cut connection fails all that use it in one moment', () => {
    const circuit = new Circuit();
    for (let count = 0; count < 16; count++) circuit.failed(10, 20);
    assert.equal(circuit.state, 'Closed');
  });

  it('counts the time from when the first of them was asked: a black hole is found by its first timeouts', () => {
    const circuit = new Circuit();
    for (let count = 0; count < 5; count++) circuit.failed(0, 15_000);
    assert.equal(circuit.state, 'Open');
  });

  it('begins to count anew after an answer', () => {
    const circuit = new Circuit();
    for (const at of [0, 500, 1_000, 1_500]) circuit.failed(at, at);
    assert.equal(circuit.succeeded(), false);
    assert.equal(circuit.failed(2_000, 2_000), false);
  });

  it('stays open ever longer while probes are not answered, at most ten seconds', () => {
    const circuit = opened();
    let now = 2_000;
    const spans: number[] = [];
    for (let probe = 0; probe < 6; probe++) {
      const span = circuit.remainingMs(now);
      spans.push(span);
      now += span;
      assert.equal(circuit.remainingMs(now), 0);
      circuit.probes();
      assert.equal(circuit.state, 'HalfOpen');
      circuit.staysOpen(now);
    }
    assert.deepEqual(spans, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('is closed by any answer, also by that to somebody else while a probe is under way', () => {
    const circuit = opened();
    circuit.probes();
    assert.equal(circuit.succeeded(), true);
    circuit.staysOpen(9_000);
    assert.deepEqual([circuit.state, circuit.remainingMs(9_000)], ['Closed', 0]);
  });
});
