// A queue hands out jobs; workers take them at their own pace. What a worker that vanished had not done is handed out again.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Server } from 'masterless';

const queue = new Server('queue');
const jobs = Array.from({ length: 30 }, (_, number) => ({ job: number }));
const done = new Map();
const atWork = new Map();

queue.on('connect', (worker) => {
  atWork.set(worker, new Set());
  handOut(worker);
});
queue.on('message', (worker, { job }) => {
  done.set(job, worker);
  atWork.get(worker)?.delete(job);
  handOut(worker);
  if (done.size === 30) queue.emit('finished');
});
queue.on('disconnect', (worker, reason) => {
  const again = [...(atWork.get(worker) ?? [])];
  atWork.delete(worker);
  console.log(`${worker} is gone (${reason}); handed out again: ${again.length} jobs`);
  jobs.unshift(...again.map((job) => ({ job })));
  for (const other of atWork.keys()) handOut(other);
});

/** Two jobs at a time for each worker: one to do, one waiting. */
function handOut(worker) {
  const mine = atWork.get(worker);
  while (mine !== undefined && mine.size < 2 && jobs.length > 0) {
    const next = jobs.shift();
    mine.add(next.job);
    queue.send(worker, next);
  }
}

await once(queue, 'listening');
const workers = ['ann', 'bob', 'cleo'].map((id) => new Server(id));
for (const [index, worker] of workers.entries()) {
  await worker.connect(queue.info());
  void (async () => {
    for await (const { sender, packet } of worker.messages()) {
      await pause(5 * (index + 1));
      worker.send(sender, packet);
    }
  })();
}
const finished = once(queue, 'finished');
await pause(20);
await workers[2].close();
await finished;

const counts = ['ann', 'bob', 'cleo'].map(
  (id) => `${id} ${[...done.values()].filter((worker) => worker === id).length}`,
);
console.log(`all 30 jobs are done, each once: ${counts.join(', ')}`);
await Promise.all([queue, ...workers].map((node) => node.close()));
