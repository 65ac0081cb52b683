import { parentPort, workerData } from "node:worker_threads";
import { openDoor } from "./open-door.ts";
import { BEAT_MS, type DoorThreadData, type FromDoor, type ToDoor } from "./protocol.ts";

if (parentPort === null) throw new Error("this file runs as a worker thread");
const port = parentPort;
const post = (message: FromDoor, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

const data = workerData as DoorThreadData;
const door = openDoor(data, {
  batch: (batch) => post({ kind: "batch", batch }),
  admission: (admission, transfer) => post(admission, transfer),
});
port.on("message", (message: ToDoor) => {
  if (Array.isArray(message)) door.admitted(message);
  else if (message.kind === "batch") door.receive(message.batch);
  else void door.close().then(() => port.close());
});
setInterval(() => post({ kind: "beat" }), BEAT_MS).unref();
try {
  post({ kind: "listening", port: await door.listen() });
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  post({ kind: "failed", code, message });
}
