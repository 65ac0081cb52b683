"""LoRA training and per-example gradients of its factors in PyTorch, on as many threads as the other side.

train.py THREADS MODEL_FOLDER JOB_FILE: the job is JSON with rank, scale, learning rate, clipping norm, batches of token ids, the
first completion token and a file of starting factors (fp32; per layer q, k, v, o, gate, up, down: A [rank, in], then
B [out, rank]). Then each line of standard input is a question, each line of output its answer, both JSON:

{"do": "train", "kind": "eager" | "compiled" | "bf16"} -> {"seconds", "firstLoss", "lastLoss"}, of all batches;
{"do": "gradients", "kind": "loop" | "vmap" | "hooks"} -> {"seconds"}, of all examples of the first batch;
{"do": "compare", "file", "examples"} -> {"difference"}: the largest relative distance (of vectors, Euclidean) between rows of the
file, which belong to those examples, and the gradients that were made last.

Seconds are the processor's for one thread. What can't be done is answered by {"error"}.
"""
import json
import os
import sys
import time

import torch

from llama import Llama

torch._dynamo.config.cache_size_limit = 64


class Peer:
    def __init__(self, threads, folder, job_file):
        torch.set_num_threads(threads)
        self.clock = time.process_time if threads == 1 else time.perf_counter
        with open(job_file) as file:
            self.job = json.load(file)
        with open(self.job["factors"], "rb") as file:
            self.start = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
        self.folder = folder
        self.batches = [torch.tensor(batch, dtype=torch.long) for batch in self.job["batches"]]
        self.models = {}
        self.losses = {}
        self.rows = None

    def model(self, dtype):
        if dtype not in self.models:
            self.models[dtype] = Llama(self.folder, self.job["scale"], dtype)
        return self.models[dtype]

    def loss_of(self, kind):
        if kind not in self.losses:
            loss = self.model(torch.bfloat16 if kind == "bf16" else torch.float32).loss
            self.losses[kind] = torch.compile(loss, dynamic=False) if kind == "compiled" else loss
        return self.losses[kind]

    def factors(self):
        return self.model(torch.float32).read_factors(self.start, self.job["rank"])

    def train(self, kind):
        job, factors, loss_of = self.job, self.factors(), self.loss_of(kind)
        optimizer = torch.optim.AdamW(factors, lr=job["learningRate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
        losses = []
        start = self.clock()
        for ids in self.batches:
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(factors, ids, job["completionStart"])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(factors, job["clipNorm"])
            optimizer.step()
            losses.append(loss.item())
        return {"seconds": self.clock() - start, "firstLoss": losses[0], "lastLoss": losses[-1]}

    def gradients(self, kind):
        ids, first, model, factors = self.batches[0], self.job["completionStart"], self.model(torch.float32), self.factors()
        start = self.clock()
        self.rows = getattr(self, f"by_{kind}")(model, factors, ids, first)
        return {"seconds": self.clock() - start}

    def by_loop(self, model, factors, ids, first):
        each = [torch.autograd.grad(model.loss(factors, one[None], first, "sum"), factors) for one in ids]
        return [torch.stack(rows) for rows in zip(*each)]

    def by_vmap(self, model, factors, ids, first):
        def loss(values, one):
            return model.loss(values, one[None], first, "sum")

        values = [factor.detach() for factor in factors]
        return torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(values, ids)

    def by_hooks(self, model, factors, ids, first):
        """One pass for all: the inputs of both factors, and the gradients at their outputs."""
        taps = []
        loss = model.loss(factors, ids, first, "sum", taps)
        at = torch.autograd.grad(loss, [tensor for _, _, u, up in taps for tensor in (u, up)])
        rows = [None] * len(factors)
        for i, (place, x, u, _) in enumerate(taps):
            rows[place] = torch.bmm(at[2 * i].transpose(1, 2), x.detach())
            rows[place + 1] = torch.bmm(at[2 * i + 1].transpose(1, 2), u.detach())
        return rows

    def compare(self, file, examples):
        with open(file, "rb") as opened:
            theirs = torch.frombuffer(bytearray(opened.read()), dtype=torch.float32).reshape(len(examples), -1).double()
        mine = torch.cat([rows.detach()[examples].flatten(1) for rows in self.rows], 1).double()
        return {"difference": ((mine - theirs).norm(dim=1) / mine.norm(dim=1)).max().item()}


def main():
    peer = Peer(int(sys.argv[1]), sys.argv[2], sys.argv[3])
    # The answers' own way out: compilers write to standard output too.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = getattr(peer, question.pop("do"))(**question)
        except Exception as error:  # a compiler that isn't there, an operation without a rule
            answer = {"error": f"{type(error).__name__}: " + " ".join(str(error).split())[:300]}
        print(json.dumps(answer), file=answers, flush=True)


main()
